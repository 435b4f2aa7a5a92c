#!/usr/bin/env python3
"""Django's command line for the platform."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oti.settings")
    # A machine without a database of its own is a developer's: it needs no configuration.
    if "DATABASE_URL" not in os.environ:
        os.environ.setdefault("OTI_MODE", "dev")
    # These read files only: an image is built without any server.
    if len(sys.argv) > 1 and sys.argv[1] in {
        "services",
        "makemessages",
        "compilemessages",
        "collectstatic",
    }:
        os.environ.setdefault("OTI_NO_SERVICES", "1")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
