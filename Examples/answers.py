#!/usr/bin/env python3
"""Answers an exam of `rtfm evaluate`, so that any program can be measured as our models are.

    rtfm evaluate procedural --resolution 256 --questions exam
    python3 Examples/answers.py exam answers
    rtfm evaluate procedural --resolution 256 --answers answers

Here every answer is a copy of the first picture that it may be drawn from: put a model of yours in
the place of draw. Documentation/EVALUATION.md says what is in the questions.
"""

import json
import pathlib
import shutil
import sys


def draw(exam, context, target, answer):
    """Draws what the target's camera sees, from what the context's cameras saw, into a PNG.

    Cameras are those of a transforms.json: w, h, fl_x, fl_y, cx, cy in pixels, and transform_matrix
    from camera to world, with x to the right, y up and z backwards; the context's have a file_path.
    """
    shutil.copyfile(exam / context[0]["file_path"], answer)


def main(exam, answers):
    for question in json.loads((exam / "questions.json").read_text())["questions"]:
        answer = answers / question["answer"]
        answer.parent.mkdir(parents=True, exist_ok=True)
        draw(exam, question["context"], question["target"], answer)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]))
