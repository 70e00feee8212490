"""relay HOST:PORT: a TCP relay on a free port of 127.0.0.1, printed on stdout.

SIGUSR1 cuts every connection; SIGUSR2 does so too and refuses new ones for
three seconds, as a server that is restarted does.
"""
import asyncio
import signal
import sys

host, _, port = sys.argv[1].rpartition(':')
open_writers = set()


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def serve(reader, writer):
    try:
        up_reader, up_writer = await asyncio.open_connection(host, int(port))
    except OSError:
        writer.close()
        return
    both = {writer, up_writer}
    open_writers.update(both)
    await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))
    open_writers.difference_update(both)


def cut():
    for writer in list(open_writers):
        writer.transport.abort()


async def main():
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    mine = server.sockets[0].getsockname()[1]

    async def away():
        nonlocal server
        server.close()
        cut()
        await asyncio.sleep(3)
        server = await asyncio.start_server(serve, '127.0.0.1', mine)

    loop.add_signal_handler(signal.SIGUSR1, cut)
    loop.add_signal_handler(signal.SIGUSR2, lambda: asyncio.ensure_future(away()))
    print(mine, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
