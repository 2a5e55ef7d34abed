"""Connections, proxies and what is asked of others."""

from __future__ import annotations

from typing import Final

from tests.fault.protections.protection import Protection

NETWORK: Final = (
    Protection(
        "connections that begin and never end",
        "headers have a deadline",
        "api/protocol.py",
        "        self._set_timer(self.shared.header_seconds, self._late_header)",
        "        self._cancel_timer()",
        "tests/api/test_connections.py::test_a_request_that_cannot_be_read_is_told_why",
    ),
    Protection(
        "more connections than files may be open",
        "there are so many at a time",
        "api/protocol.py",
        "        if len(self.connections) > shared.most:",
        "        if len(self.connections) > 10**6:",
        "tests/api/test_connections.py::test_more_half_open_connections_than_files_keep_nobody_else_out",
    ),
    Protection(
        "refused requests by the thousand",
        "they are counted",
        "forecast/runtime/logs.py",
        "            if self._logged_at is not None and now - self._logged_at < self._seconds:",
        "            if self._logged_at == now:",
        "tests/api/test_connections.py::test_refused_requests_are_counted_and_not_told_one_by_one",
    ),
    Protection(
        "a process that writes without end",
        "its log is emptied while it runs",
        "workers/processes.py",
        "        os.truncate(log_file, 0)\n    except FileNotFoundError:",
        "    except FileNotFoundError:",
        "tests/workers/test_processes.py::test_a_log_stays_small_while_its_process_writes",
    ),
    Protection(
        "a path of the host that a proxy takes off",
        "where an answer leads to begins with the path",
        "api/root_path.py",
        '                    headers["location"] = self.root + location\n',
        "                    pass\n",
        "tests/browser/test_root_path.py::test_answers_lead_below_the_path",
    ),
    Protection(
        "a path of the host that a proxy takes off",
        "the links of a page begin with the path",
        "api/root_path.py",
        'return _LINKS.sub(rf"\\g<1>{root}/", html) if root else html',
        "return html",
        "tests/browser/test_root_path.py::test_a_browser_signs_in_and_every_page_stays_below_the_path",
    ),
    Protection(
        "a page of another origin asks with a key",
        "only listed origins are answered for",
        "api/app.py",
        "allow_origins=settings.cors_origins",
        'allow_origins=["*"]',
        "tests/api/test_cors.py::test_any_other_origin_gets_nothing",
    ),
    Protection(
        "a name server that does not answer",
        "a name is asked for beside, with a deadline",
        "forecast/outgoing/guard.py",
        "answers.get(timeout=RESOLVE_SECONDS)",
        "answers.get()",
        "tests/outgoing/test_guard.py::test_a_name_that_nobody_answers_for_keeps_nobody_waiting",
    ),
    Protection(
        "a host whose address is an old site-local one",
        "such addresses are private",
        "forecast/outgoing/guard.py",
        "        if address.is_site_local:\n            return False\n",
        "",
        "tests/outgoing/test_guard.py::test_a_name_of_a_private_address_is_refused",
    ),
    Protection(
        "a link is swapped in before a file of a source is opened",
        "folders are entered one by one without following links",
        "forecast/outgoing/local.py",
        "_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW",
        "_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY",
        "tests/outgoing/test_local.py::test_a_link_that_is_swapped_in_before_the_opening_leads_nowhere",
    ),
    Protection(
        "a link is swapped in before a file of a source is opened",
        "the file is opened without following links",
        "forecast/outgoing/local.py",
        "_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK",
        "_FILE: Final = os.O_RDONLY | os.O_NONBLOCK",
        "tests/outgoing/test_local.py::test_a_link_that_is_swapped_in_before_the_opening_leads_nowhere",
    ),
)
