"""Safetensors files in and out: named tensors and a dictionary of strings beside them.

    tensors, metadata = read("tiny.safetensors")

A file is the header's length (8 bytes, little endian), a JSON header, then the raw data.
"""

import json
import struct

import torch

KINDS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16,
         "BF16": torch.bfloat16, "I64": torch.int64}
NAMES = {kind: name for name, kind in KINDS.items()}


def read(path):
  """A file's tensors by name, and its metadata."""
  with open(path, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
  metadata = header.pop("__metadata__", {})
  return {name: tensor(entry, data) for name, entry in header.items()}, metadata


def tensor(entry, data):
  begin, end = entry["data_offsets"]
  kind = KINDS[entry["dtype"]]
  if begin == end: return torch.empty(entry["shape"], dtype=kind)
  return torch.frombuffer(bytearray(data[begin:end]), dtype=kind).reshape(entry["shape"])


def write(path, tensors, metadata):
  """Writes tensors and metadata; widest numbers first and a padded header keep all aligned."""
  header, pieces, offset = {"__metadata__": metadata}, [], 0
  for name, value in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
    piece = value.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    header[name] = {"dtype": NAMES[value.dtype], "shape": list(value.shape),
                    "data_offsets": [offset, offset + len(piece)]}
    offset += len(piece)
    pieces.append(piece)
  text = json.dumps(header).encode()
  text += b" " * (-len(text) % 8)
  with open(path, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + b"".join(pieces))
