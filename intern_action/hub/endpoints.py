"""Inference endpoints of Hugging Face, through huggingface_hub. Control alone holds this.

An endpoint's name is made of its model and its plan's digest, and a name is given once: so it cannot be made twice. The tags
say whose it is. The client has the address of the endpoints' API as a constant, not as an argument; it is set here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, cast

from intern_action.core.errors import HubError, JobError
from intern_action.core.ports import Clock, EndpointOrder, EndpointStage, EndpointStatus
from intern_action.core.types import Flavor, JobRef
from intern_action.hub._endpoint_account import EndpointAccount, looking, making, status_of
from intern_action.hub.client import hub_client
from intern_action.hub.endpoint_prices import endpoint_offers
from intern_action.hub.prices import Prices

if TYPE_CHECKING:
    from huggingface_hub import HfApi, InferenceEndpoint

NAME = "hf-endpoints"
SLEEPS_AFTER_MINUTES = 15
_LONGEST_NAME = 32
_ASK_SECONDS = 60.0
_SHOWN = 20_000
_KEY = re.compile(r"intern-[0-9a-f]{24}-[0-9]+")
_STAGES = {
    "running": EndpointStage.READY,
    "scaledToZero": EndpointStage.READY,
    "paused": EndpointStage.PAUSED,
    "failed": EndpointStage.FAILED,
    "updateFailed": EndpointStage.FAILED,
}
_ASLEEP = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class HubEndpoints:
    """Implements `core.ports.Endpoints`.

    Args:
        account: whose endpoints.
        table: machines with prices as the configuration has them.
        kept: file for the last live price list.
    """

    def __init__(self, account: EndpointAccount, *, table: Mapping[str, Flavor], kept: Path, clock: Clock) -> None:
        self._account = account
        self._table = table
        self._prices = Prices(
            source=account.api,
            fetch=endpoint_offers(lambda: self._api, account),
            kept=kept,
            table=table,
            clock=clock,
        )

    def flavors(self) -> Mapping[str, Flavor]:
        """Return the machines with their prices as they are now; where the Hub does not say, as they were or are known."""
        return self._prices.flavors()

    def find(self, launch_key: str) -> JobRef | None:
        """Return the endpoint that carries this key among its tags."""
        return next((ref for endpoint in self._all() if (ref := _ref(endpoint)) and ref.launch_key == launch_key), None)

    # --- making ------------------------------------------------------------------------------------------------------

    def create(self, order: EndpointOrder) -> JobRef:
        """Make it, or adopt the one of this name that serves just this.

        Raises:
            JobError: it was certainly not made. OutsideError: nobody knows; `find` tells.
        """
        name = name_of(order)
        try:
            with making(f"make the inference endpoint {name}", self._account):
                self._make(name, order)
        except JobError as error:
            if status_of(error) != HTTPStatus.CONFLICT:
                raise
            self._check(name, order)
        return JobRef(backend=NAME, id=name, launch_key=order.launch_key)

    def _make(self, name: str, order: EndpointOrder) -> None:
        asked, kind, size = order.endpoint, *_machine(order.endpoint.flavor)
        self._api.create_inference_endpoint(  # pyright: ignore[reportUnknownMemberType]  # a bare dict among its arguments
            name,
            repository=asked.repository,
            revision=order.revision,
            framework="pytorch",
            task=asked.task,
            accelerator="gpu" if self._has_accelerator(asked.flavor) else "cpu",
            instance_type=kind,
            instance_size=size,
            vendor=self._account.vendor,
            region=self._account.region,
            min_replica=asked.min_replica,
            max_replica=1,
            scale_to_zero_timeout=None if asked.min_replica else SLEEPS_AFTER_MINUTES,
            type="authenticated",
            tags=[order.launch_key, self._home, *(f"{name}-{value}" for name, value in order.labels.items())],
            namespace=self._account.namespace or None,
        )

    def _has_accelerator(self, flavor: str) -> bool:
        known = self._table.get(flavor) or self.flavors().get(flavor)
        return bool(known and known.accelerator)

    def _check(self, name: str, order: EndpointOrder) -> None:
        """Refuse an endpoint of our name that serves something else."""
        there = self._get(name)
        wanted = (order.endpoint.repository, order.revision)
        if there is None or (there.repository, there.revision) != wanted:
            raise JobError(
                f"there is an inference endpoint called {name} already, which serves something else; delete or rename it"
            )

    # --- looking -----------------------------------------------------------------------------------------------------

    def status(self, ref: JobRef) -> EndpointStatus:
        """Return where it is; one that is not there is gone."""
        there = self._get(ref.id)
        if there is None:
            return EndpointStatus(ref=ref, stage=EndpointStage.GONE, message=f"{ref.id} is not there any more")
        return EndpointStatus(
            ref=ref,
            stage=_STAGES.get(str(getattr(there.status, "value", there.status)), EndpointStage.STARTING),
            made_at=there.created_at,
            url=there.url or "",
            message=_message(there),
        )

    def own(self) -> tuple[JobRef, ...]:
        """Return every endpoint with our home among its tags."""
        return tuple(
            ref for endpoint in self._all() if self._home in _tags(endpoint) and (ref := _ref(endpoint)) is not None
        )

    def ask(self, ref: JobRef, text: str) -> str | None:
        """Send one request with the reading token; None while it comes up or wakes.

        Raises:
            JobError: it answers with an error, or lives where no token of ours is shown.
        """
        import httpx

        url = self.status(ref).url
        if not url:
            return None
        if not self._account.may_see_the_token(url):
            raise JobError(
                f"{ref.id} says it lives at {url}, which is no address of {self._account.api}; it was not asked"
            )
        headers = {"Authorization": f"Bearer {self._account.asking_token}"}
        try:
            answer = httpx.post(url, json={"inputs": text}, headers=headers, timeout=_ASK_SECONDS)
        except httpx.TransportError:
            return None
        if answer.status_code in _ASLEEP:
            return None
        said = answer.text[:_SHOWN]
        if answer.status_code != HTTPStatus.OK:
            raise JobError(
                f"{ref.id} answered the first request with {answer.status_code}: {' '.join(said.split())[:300]}"
            )
        return said

    # --- ending ------------------------------------------------------------------------------------------------------

    def pause(self, ref: JobRef) -> None:
        """Stop the bill; what cannot be paused (it failed, it is paused, it is gone) is left for `delete`."""
        try:
            with making(f"pause the inference endpoint {ref.id}", self._account):
                self._api.pause_inference_endpoint(ref.id, namespace=self._account.namespace or None)
        except JobError as error:
            _unless(error, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)

    def delete(self, ref: JobRef) -> None:
        """Take it away."""
        try:
            with making(f"delete the inference endpoint {ref.id}", self._account):
                self._api.delete_inference_endpoint(ref.id, namespace=self._account.namespace or None)
        except JobError as error:
            _unless(error, HTTPStatus.NOT_FOUND)

    # --- the client --------------------------------------------------------------------------------------------------

    def _get(self, name: str) -> InferenceEndpoint | None:
        try:
            with making(f"look at the inference endpoint {name}", self._account):
                return self._api.get_inference_endpoint(name, namespace=self._account.namespace or None)
        except JobError as error:
            _unless(error, HTTPStatus.NOT_FOUND)
            return None

    def _all(self) -> list[InferenceEndpoint]:
        with looking("list the inference endpoints", self._account):
            return self._api.list_inference_endpoints(namespace=self._account.namespace or None)

    @property
    def _home(self) -> str:
        return f"intern-home-{self._account.home}"

    @cached_property
    def _api(self) -> HfApi:
        from huggingface_hub import constants

        constants.INFERENCE_ENDPOINTS_ENDPOINT = self._account.api
        return hub_client(self._account.hub, self._account.token, also=self._account.api)


def name_of(order: EndpointOrder) -> str:
    """Return what an endpoint is called: its model's name as far as it goes, and eight digits of its plan's digest."""
    plan = order.launch_key.removeprefix("intern-")[:8]
    model = re.sub(r"[^a-z0-9]+", "-", order.endpoint.repository.rpartition("/")[2].lower()).strip("-")
    return f"{model[: _LONGEST_NAME - len(plan) - 1].strip('-') or 'model'}-{plan}"


def _machine(flavor: str) -> tuple[str, str]:
    """Return instance type and size: `nvidia-t4-x1` is `nvidia-t4` and `x1`."""
    kind, _, size = flavor.rpartition("-")
    return kind, size


def _tags(endpoint: InferenceEndpoint) -> list[str]:
    tags = _raw(endpoint).get("tags")
    return [str(tag) for tag in cast("list[object]", tags)] if isinstance(tags, list) else []


def _message(endpoint: InferenceEndpoint) -> str:
    match _raw(endpoint).get("status"):
        case {"message": str(message)}:
            return message
        case _:
            return ""


def _raw(endpoint: InferenceEndpoint) -> Mapping[str, object]:
    return cast("Mapping[str, object]", endpoint.raw)


def _ref(endpoint: InferenceEndpoint) -> JobRef | None:
    key = next((tag for tag in _tags(endpoint) if _KEY.fullmatch(tag)), None)
    return JobRef(backend=NAME, id=endpoint.name, launch_key=key) if key else None


def _unless(error: JobError, *expected: int) -> None:
    """Pass over a refusal that means what was wanted; every other may be asked again."""
    if status_of(error) not in expected:
        raise HubError(str(error)) from error
