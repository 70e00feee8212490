"""relay HOST:PORT [count FILE | away|hang SECONDS BYTES]: a TCP relay on a free port of 127.0.0.1, printed on stdout.

With "count" FILE gets a line for each connection.
SIGUSR1 cuts every connection; SIGUSR2 does so too and refuses new ones for
three seconds, as a server that is restarted does.  With "away" or "hang" SIGHUP
does this for SECONDS, as soon as clients have sent BYTES more; "hang" stops
forwarding instead, as a server does that was stopped: connections stay open, and
nothing answers.
"""
import asyncio
import signal
import sys

host, _, port = sys.argv[1].rpartition(':')
how, seconds, after = (sys.argv[2], float(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else ('', 3, 0)
counted = sys.argv[3] if sys.argv[2:3] == ['count'] else None
left = None
open_writers = set()
moving = asyncio.Event()


async def pump(reader, writer, sent=lambda n: None):
    try:
        while data := await reader.read(65536):
            await moving.wait()
            writer.write(data)
            await writer.drain()
            sent(len(data))
    except OSError:
        pass
    writer.close()


def count(n):
    global left
    if left is not None:
        left -= n
        if left <= 0:
            trouble()


async def serve(reader, writer):
    if counted:
        with open(counted, 'a') as f:
            f.write('connection\n')
    open_writers.add(writer)  # is cut as well, however far it has come
    await moving.wait()
    try:
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
    except OSError:
        writer.close()
        open_writers.discard(writer)
        return
    both = {writer, up_writer}
    open_writers.update(both)
    await asyncio.gather(pump(reader, up_writer, count), pump(up_reader, writer))
    open_writers.difference_update(both)


def cut():
    for writer in list(open_writers):
        writer.transport.abort()


async def away():
    global server
    server.close()
    cut()
    await asyncio.sleep(seconds)
    server = await asyncio.start_server(serve, '127.0.0.1', mine)


async def hang():
    moving.clear()
    await asyncio.sleep(seconds)
    moving.set()


def trouble():
    global left
    left = None
    asyncio.ensure_future(hang() if how == 'hang' else away())


def arm():
    global left
    left = after
    count(0)


async def main():
    global server, mine
    loop = asyncio.get_running_loop()
    moving.set()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    mine = server.sockets[0].getsockname()[1]
    loop.add_signal_handler(signal.SIGUSR1, cut)
    loop.add_signal_handler(signal.SIGUSR2, lambda: asyncio.ensure_future(away()))
    loop.add_signal_handler(signal.SIGHUP, arm)
    print(mine, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
