#!/usr/bin/env python3
"""A place to act in, for agents and robots, over the WebSocket of `rtfm explore`.

    rtfm explore --detail 1                       # in another terminal
    pip install websockets
    python3 Examples/agent.py --out frames        # walks a circle, keeps what it sees

World is the part to take along: reset and step, as reinforcement learning has them; look,
where something else says where the camera is. It is written against Documentation/PROTOCOL.md and
needs nothing else of this project.
"""

import argparse
import json
import pathlib
import struct

from websockets.sync.client import connect


class World:
    """One walk in a place, step by step: where it leads depends on the actions, not on the clock."""

    def __init__(self, url="ws://127.0.0.1:8080/walk"):
        self.socket = connect(url, max_size=None)
        self.seq = self.seen = 0
        self.title = ""
        self.keyframes = {}  # id: (x, y, heading) on the map
        self.receive()  # what is seen before any action

    def reset(self, keyframe=-1):
        """Goes to where the walk began, or where a keyframe was taken.

        The world goes on remembering what was drawn, and all who walk in it share that; it forgets
        nothing by this. With `rtfm explore --admit false` it remembers nothing, and the same actions
        show the same pictures.
        """
        return self.act(jump=keyframe)

    def look(self, pose):
        """Goes to a pose, exactly: right, down, forward, position, as step returns it."""
        return self.act(pose=[x for vector in pose for x in vector])

    def step(self, move=(0, 0, 0), turn=(0, 0), seconds=0.1):
        """Turns (right, up; radians), then walks (right, up, forward; each -1 to 1), half a second at most.

        Returns the picture (a JPEG's bytes) and the pose: right, down, forward, position, camera to
        world.
        """
        if not 0 <= seconds <= 0.5:
            raise ValueError(f"a step lasts 0 to 0.5 seconds, not {seconds}: take several")
        return self.act(move=move, turn=turn, seconds=seconds)

    def act(self, move=(0, 0, 0), turn=(0, 0), seconds=0.0, **more):
        self.seq += 1
        said = {"v": 1, "seq": self.seq, "seen": self.seen, "move": move, "turn": turn}
        self.socket.send(json.dumps(said | {"seconds": seconds} | more))
        return self.receive()

    def receive(self):
        """The next frame: one for every action."""
        while isinstance(message := self.socket.recv(), str):
            self.note(json.loads(message))
        (header,) = struct.unpack_from("<H", message, 4)
        (self.seen,) = struct.unpack_from("<I", message, 8)
        pose = struct.unpack_from("<12d", message, 52)
        return message[header:], [pose[i : i + 3] for i in range(0, 12, 3)]

    def note(self, notice):
        self.title = notice.get("title", self.title)
        self.keyframes.update((k[0], tuple(k[1:])) for k in notice.get("keyframes", []))
        if "error" in notice:
            raise RuntimeError(notice["error"])

    def close(self):
        self.socket.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="ws://127.0.0.1:8080/walk")
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--out", type=pathlib.Path, help="a folder for the pictures")
    options = parser.parse_args()
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    world = World(options.url)
    picture, pose = world.reset()
    for i in range(options.steps):
        picture, pose = world.step(move=(0, 0, 0.5), turn=(6.2832 / options.steps, 0))
        print(i, *(f"{x:.4f}" for x in pose[3]), f"{len(picture)} bytes")
        if options.out:
            (options.out / f"{i:04}.jpg").write_bytes(picture)
    world.close()


if __name__ == "__main__":
    main()
