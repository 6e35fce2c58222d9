#!/usr/bin/env python3
"""Answers an exam of `rtfm evaluate`, so that any program can be measured as our models are.

    rtfm evaluate procedural --resolution 256 --questions exam
    python3 Examples/answers.py exam answers
    rtfm evaluate procedural --resolution 256 --answers answers

Here every answer is a copy of the first picture that it may be drawn from, or grey where there is
none: put a model of yours in the place of draw. Documentation/EVALUATION.md says what is in the
questions.
"""

import argparse
import json
import pathlib
import shutil
import struct
import zlib


def draw(exam, context, target, answer):
    """Draws what the target's camera sees, from what the context's cameras saw, into a PNG.

    Cameras are those of a transforms.json: w, h, fl_x, fl_y, cx, cy in pixels, and transform_matrix
    from camera to world, with x to the right, y up and z backwards; the context's have a file_path.
    The context is empty where nothing is known (`--contexts 0`).
    """
    if context:
        shutil.copyfile(exam / context[0]["file_path"], answer)
    else:
        answer.write_bytes(grey(target["w"], target["h"]))


def grey(width, height):
    """A PNG of one grey, in eight bits of red, green and blue."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = height * (b"\0" + 3 * width * b"\x80")  # each row begins with its filter: none
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main(exam, answers):
    for question in json.loads((exam / "questions.json").read_text())["questions"]:
        answer = answers / question["answer"]
        answer.parent.mkdir(parents=True, exist_ok=True)
        draw(exam, question["context"], question["target"], answer)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exam", type=pathlib.Path, help="the folder with questions.json")
    parser.add_argument("answers", type=pathlib.Path, help="the folder for the answers' PNGs")
    options = parser.parse_args()
    main(options.exam, options.answers)
