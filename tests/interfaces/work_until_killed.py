"""One round of what is due, in a process that kills itself by signal 9 in the middle of it. Prints what came of it.

`python work_until_killed.py MOMENT`, on a database that the environment names: `done` is after the action itself, `told`
when the audit log is written too and only the commit is missing, `never` lives.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def main(moment: str) -> None:
    import django

    django.setup()
    from accounts.services.set_times import run_due
    from tests.laws.scenes import load_services
    from theater_site.core.signals import action_done

    load_services()
    last = {"done": "production.publish", "told": "submission.run"}.get(moment)

    def die(run: Any, **_: Any) -> None:
        if run.name == last:
            os.kill(os.getpid(), signal.SIGKILL)

    action_done.connect(die, weak=False, dispatch_uid="killer")
    print(json.dumps(run_due()))


if __name__ == "__main__":
    main(sys.argv[1])
