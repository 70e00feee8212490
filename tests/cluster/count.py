"""count HOST:PORT FILE: a TCP relay on a free port of 127.0.0.1, printed on
stdout; FILE gets a line for each connection."""
import asyncio
import sys

host, _, port = sys.argv[1].rpartition(':')


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def serve(reader, writer):
    with open(sys.argv[2], 'a') as f:
        f.write('connection\n')
    up_reader, up_writer = await asyncio.open_connection(host, int(port))
    await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))


async def main():
    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
