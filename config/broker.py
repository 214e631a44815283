"""A broker that needs no server: kombu's filesystem transport, with messages that appear whole.

kombu writes a message in place, so that a worker can read a file that is still empty and stop with a decoding error.
Here a message is written beside the folder and moved in, which is atomic on one file system.
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem


class Channel(filesystem.Channel):
    """The channel that writes."""

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - kombu's two base classes disagree
        folder = Path(self.data_folder_out)
        # Sorted by name is sorted by time; the name's end is how the reader finds its queue.
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        draft = folder / f".{name}.draft"
        draft.write_text(json.dumps(payload), encoding="utf-8")
        draft.rename(folder / name)


class Transport(filesystem.Transport):
    """kombu's filesystem transport with the channel above."""

    Channel = Channel
