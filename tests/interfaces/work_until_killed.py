"""One round of what is due, in a process that kills itself by signal 9 in the middle of it. Prints what came of it.

`python work_until_killed.py MOMENT`, on a database that the environment names: `done` is once the production is public,
`told` when the audit log is written too and only the commit is missing, `never` lives.
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
    from django.db.models.signals import post_save

    from accounts.approvals.services.set_times import run_due
    from productions.models import Production
    from tests.laws.scenes import load_services
    from theater_site.core.signals import action_done

    load_services()

    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if moment == "done":
        post_save.connect(die, sender=Production, weak=False)
    elif moment == "told":
        action_done.connect(die, weak=False, dispatch_uid="killer")
    print(json.dumps(run_due()))


if __name__ == "__main__":
    main(sys.argv[1])
