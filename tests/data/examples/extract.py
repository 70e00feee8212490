#!/usr/bin/python3
"""What EXAMPLES of manual pages show, as files: extract.py FOLDER PAGE...

Each .Dl line and each literal display becomes FOLDER/PAGE:LINE, as mandoc
renders it, so that a slip in the page's quoting is a slip here.  Prints the
names in the order of the pages.
"""
import os
import re
import subprocess
import sys


def rendered(block):
    page = '.Dd January 1, 2026\n.Dt X 1\n.Os x\n.Sh X\n' + ''.join(block)
    text = subprocess.run(['mandoc', '-Tascii', '-Owidth=900'], input=page.encode(),
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    text = re.sub('.\b', '', text)
    lines = text.split('\n')[1:-2]  # without the head and the foot
    at = next(i for i, line in enumerate(lines) if line == 'X')
    lines = [line for line in lines[at + 1:] if line.strip()]
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    return ''.join(line[indent:] + '\n' for line in lines)


def blocks(path):
    within, block, first = False, None, 0
    for number, line in enumerate(open(path), 1):
        if line.startswith('.Sh '):
            within = line.startswith('.Sh EXAMPLES')
        elif block is not None:
            block.append(line)
            if line.startswith('.Ed'):
                yield first, block
                block = None
        elif within and line.startswith('.Dl '):
            yield number, [line]
        elif within and line.startswith('.Bd -literal'):
            block, first = [line], number


for page in sys.argv[2:]:
    for line, block in blocks(page):
        name = '%s:%d' % (os.path.basename(page), line)
        with open(os.path.join(sys.argv[1], name), 'w') as out:
            out.write(rendered(block))
        print(name)
