"""Everything people see of a session, made anew from its journal after each boundary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from intern_action import __version__
from intern_action.core.ports import Forge
from intern_action.core.states import State
from intern_action.git.run import Git, GitFailed
from intern_action.session.office import Case, Office
from intern_action.session.report import Links, gather
from intern_action.settings.places import configs
from intern_action.trace import html, jsonl, report, result
from intern_action.trace.check import check
from intern_action.trace.report import ReportData
from intern_action.trace.whole import write_whole
from intern_action.wiring.homecoming import bring_traces_home
from intern_action.wiring.models import bring_home
from intern_action.wiring.premises import Premises
from intern_action.wiring.traces import addresses, publish


class Press:
    """Renews the files of a session and what the forge shows. The same case gives the same words; `say` tells of its trace."""

    def __init__(self, premises: Premises, say: Callable[[str], None]) -> None:
        self._shown: dict[str, object] = {}  # what this process has shown already: it is not said twice
        self._premises = premises
        self._say = say
        self._texts = configs() / "texts"

    def renew(self, office: Office, case: Case) -> None:
        """Write trace, result, pull request and sticky comment again."""
        folder = self._premises.world.results(case.began.session)
        place = self._premises.ground.place
        told = gather(case, self._links(case, folder), version=__version__, place=place)
        self._trace(case, folder)
        result.write(folder / "result.json", result.of(told, versions={"intern-action": __version__}))
        write_whole(folder / "summary.md", report.step_summary(told, texts=self._texts))
        if told.trace_html.startswith("http"):
            self._show("trace", told.updated_at, lambda: publish(self._premises, told.session, folder))
        self._forge(office, told)
        self._branch(case, told)
        self._home(told, folder / "trace.jsonl")

    def _home(self, told: ReportData, trace: Path) -> None:
        """Send the trace to the Hub, where somebody wants it there."""
        words = bring_traces_home(self._premises, told, trace)
        if words:
            self._say(words)

    def _links(self, case: Case, folder: Path) -> Links:
        model = bring_home(case, folder / "model")
        card = model / "README.md" if model else None
        html_at, jsonl_at = self._traces(case, folder)
        return Links(
            trace_html=html_at,
            trace_jsonl=jsonl_at,
            result_json=str(folder / "result.json"),
            model_folder=str(model) if model and self._premises.ground.place == "local" else "",
            card=str(card) if card and card.exists() else "",
        )

    def _traces(self, case: Case, folder: Path) -> tuple[str, str]:
        """Return where people find the trace: below the world on this machine, else on its branch once work has paused."""
        if self._premises.ground.place == "local":
            return str(folder / "trace.html"), str(folder / "trace.jsonl")
        if not (case.state.waiting or case.state.over):
            return "", ""
        return addresses(self._premises, case.began.session)

    def _trace(self, case: Case, folder: Path) -> None:
        entries = tuple(case.journal.entries())
        write_whole(folder / "trace.jsonl", "".join(jsonl.lines(entries, version=__version__)))
        html.write(folder / "trace.html", entries, texts=self._texts, version=__version__)

    def _forge(self, office: Office, told: ReportData) -> None:
        forge, words, mark = office.forge, report.comment(told, texts=self._texts), report.marker(told.session)
        self._show("comment", words, lambda: forge.keep_comment(told.thread, marker=mark, text=words))
        if told.pull_request:
            self._pull_request(forge, told)

    def _pull_request(self, forge: Forge, told: ReportData) -> None:
        number, body, beside = (
            told.pull_request,
            report.pull_request(told, texts=self._texts),
            check(told, texts=self._texts),
        )
        self._show("body", body, lambda: forge.describe_pull_request(number, title=told.title, body=body))
        self._show("check", beside, lambda: forge.keep_check(beside))
        if told.state is State.DONE:  # results are in: now it may be merged
            self._show("ready", number, lambda: forge.ready(number))

    def _show(self, view: str, shown: object, show: Callable[[], object]) -> None:
        """Show something unless this process has just shown the very same."""
        if self._shown.get(view) != shown:
            show()
            self._shown[view] = shown

    def _branch(self, case: Case, told: ReportData) -> None:
        """Bring the branch to the person's own repository; a branch of theirs by that name is never overwritten."""
        repository = self._premises.repository
        if not told.head_sha or not repository:
            return
        source, branch = str(self._premises.world.remote), case.began.branch
        try:
            Git().run(
                "fetch", "--quiet", "--no-tags", source, f"refs/heads/{branch}:refs/heads/{branch}", cwd=repository
            )
        except GitFailed:
            return
