"""Global node ids in the form GitHub gives them since 2021: a prefix for the type, then the key of the node.

The key is a MessagePack array `[0, number, ...]` in URL-safe base64 without padding, as in `PR_kwDOAAFdH84CPx1u`.
Clients must treat the whole as opaque; the simulator itself reads its own ids back.
"""

from __future__ import annotations

import base64
import binascii
import struct

_ARRAY, _UINT32, _UINT64, _TEXT = 0x90, 0xCE, 0xCF, 0xD9
_MAX_UINT32 = 0xFFFFFFFF


def encode(prefix: str, *key: int | str) -> str:
    """The node id of the type that `prefix` stands for and of that key: numbers of at most 64 bits, short words."""
    packed = bytearray([_ARRAY | (len(key) + 1), 0])
    for part in key:
        if isinstance(part, str):
            word = part.encode()
            packed += struct.pack(">BB", _TEXT, len(word)) + word
        elif part <= _MAX_UINT32:
            packed += struct.pack(">BI", _UINT32, part)
        else:
            packed += struct.pack(">BQ", _UINT64, part)
    return f"{prefix}_{base64.urlsafe_b64encode(packed).rstrip(b'=').decode()}"


def decode(node_id: str) -> tuple[str, tuple[int | str, ...]] | None:
    """The prefix and the key of a node id that `encode` made; None for anything else."""
    prefix, separator, text = node_id.partition("_")
    if not separator:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        key = _unpack(packed)
    except (binascii.Error, struct.error, IndexError, ValueError):
        return None
    return (prefix, key) if encode(prefix, *key) == node_id else None


def _unpack(packed: bytes) -> tuple[int | str, ...]:
    count, at = (packed[0] & 0x0F) - 1, 2
    key: list[int | str] = []
    for _ in range(count):
        kind = packed[at]
        at += 1
        if kind == _TEXT:
            length = packed[at]
            key.append(packed[at + 1 : at + 1 + length].decode())
            at += 1 + length
        elif kind == _UINT32:
            key.append(struct.unpack_from(">I", packed, at)[0])
            at += 4
        elif kind == _UINT64:
            key.append(struct.unpack_from(">Q", packed, at)[0])
            at += 8
        else:
            raise ValueError(kind)
    return tuple(key)


def repository(repository_id: int) -> str:
    """The node id of a repository."""
    return encode("R", repository_id)


def pull_request(repository_id: int, pull_request_id: int) -> str:
    """The node id of a pull request: it holds the repository's id too, so it stays the same through renames."""
    return encode("PR", repository_id, pull_request_id)
