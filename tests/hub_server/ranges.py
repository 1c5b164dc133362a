"""A file as an answer: whole, or the stretch that was asked for, or nothing when the client has it already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from .refusals import Refused
from .request import Answer, Request, Stretch


def file_answer(request: Request, path: Path, size: int, etag: str, headers: Mapping[str, str]) -> Answer:
    """Answer with a file, as `Range` and `If-None-Match` ask for it.

    Raises:
        Refused: the range lies outside the file.
    """
    about = {**headers, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
    if request.headers.get("if-none-match", "") in {f'"{etag}"', f'W/"{etag}"'}:
        return Answer(status=304, headers=about)
    wanted = _wanted(request.headers.get("range", ""), size)
    if wanted is None:
        return Answer(headers=about, body=Stretch(path=path, start=0, length=size))
    start, end = wanted
    about["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Answer(status=206, headers=about, body=Stretch(path=path, start=start, length=end - start + 1))


def _wanted(header: str, size: int) -> tuple[int, int] | None:
    """Return first and last byte; None for the whole file."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(size - int(found[2]), 0), size - 1
    start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if start >= size or start > end:
        raise Refused(416, "Requested Range Not Satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return start, end
