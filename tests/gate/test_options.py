"""The ways in which a job can be had: they fit, they are allowed, they are in order, and nothing else can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intern_action.core.digests import plan_digest
from intern_action.core.errors import Bug, NotAllowed
from intern_action.core.estimate import UNKNOWN, Estimate, estimate, fits
from intern_action.core.judgement import Approved, Facts, Judgement, Tier
from intern_action.core.plan import CHEAPEST, FASTEST, LIMIT_FLAG, RECOMMENDED, Option, Plan, as_quoted, chosen, offered
from intern_action.core.types import Flavor, JobSpec, Quote, Review, Work
from intern_action.gate.approval import judge
from intern_action.gate.options import make_options, options_named
from intern_action.gate.quote import make_quote
from intern_action.settings.flavors import load_flavors
from tests.fakes.approvals import JOB, MADE_AT, a_plan, a_review, facts, failing, with_plan

TABLE = {name: flavor for name, flavor in load_flavors().items() if not name.startswith("local-")}
WORK = Work(parameters=135_000_000, method="lora", train_tokens=30_000_000, sequence_length=512, batch_size=8)
ASKED = replace(JOB, flavor="l4x1", timeout_minutes=60, work=WORK, parameters={LIMIT_FLAG: "60", "batch": "16"})
works = st.builds(
    Work,
    parameters=st.integers(10**6, 10**11),
    method=st.sampled_from(["full", "lora", "qlora", "inference"]),
    train_tokens=st.integers(0, 10**10),
    read_tokens=st.integers(0, 10**8),
    sequence_length=st.integers(1, 8192),
    batch_size=st.integers(1, 64),
    checkpointing=st.booleans(),
)


def options_of(
    job: JobSpec = ASKED,
    flavors: Mapping[str, Flavor] = TABLE,
    *,
    allowed: tuple[str, ...] = (),
    room: Decimal | None = None,
) -> tuple[Option, ...]:
    return make_options(
        job, flavors, lambda flavor: estimate(job.work, flavor), allowed=allowed, room_usd=room, now=MADE_AT
    )


def by_name(options: tuple[Option, ...]) -> dict[str, Quote]:
    return {name: option.quote for option in options for name in option.names}


def test_beside_what_was_asked_for_stand_the_cheapest_and_the_fastest():
    found = by_name(options_of())
    assert set(found) == {CHEAPEST, RECOMMENDED, FASTEST}
    assert found[RECOMMENDED].flavor.name == "l4x1"
    assert found[CHEAPEST].ceiling_usd < found[RECOMMENDED].ceiling_usd < found[FASTEST].ceiling_usd
    assert (found[CHEAPEST].estimate_minutes or 0) > (found[RECOMMENDED].estimate_minutes or 0)
    assert (found[FASTEST].estimate_minutes or 0) < (found[RECOMMENDED].estimate_minutes or 0)


def test_what_cannot_be_bettered_keeps_the_name():
    only = {name: TABLE[name] for name in ("l4x1",)}
    assert [option.names for option in options_of(flavors=only)] == [(CHEAPEST, RECOMMENDED, FASTEST)]


def test_work_nobody_described_leaves_what_was_asked_for():
    (only,) = options_of(replace(ASKED, work=None))
    assert (only.quote.flavor.name, only.quote.sure, only.quote.estimate_minutes) == ("l4x1", "unknown", None)


@given(work=works, flavor=st.sampled_from(sorted(TABLE)), minutes=st.integers(1, 1000), room=st.integers(1, 500))
def test_every_option_fits_memory_policy_and_budget_and_they_stand_in_order(
    work: Work, flavor: str, minutes: int, room: int
):
    job = replace(ASKED, flavor=flavor, timeout_minutes=minutes, work=work)
    allowed = (flavor, "t4-small", "a10g-large", "a100-large", "h200x8")
    try:
        options = options_of(job, allowed=allowed, room=Decimal(room))
    except NotAllowed:
        assert not fits(estimate(work, TABLE[flavor]).memory_gb or Decimal(0), TABLE[flavor])
        return
    ceilings = [option.quote.ceiling_usd for option in options]
    assert ceilings == sorted(ceilings)
    assert 1 <= len(options) <= 3
    for option in options:
        quote = option.quote
        assert fits(quote.estimate_memory_gb or Decimal(0), quote.flavor)
        assert quote.flavor.name in allowed
        assert quote.ceiling_usd <= room or RECOMMENDED in option.names
        assert quote.estimate_minutes is not None
        assert quote.estimate_minutes <= quote.timeout_minutes or RECOMMENDED in option.names
    assert by_name(options)[RECOMMENDED].flavor.name == flavor


def test_hardware_with_too_little_memory_is_refused_with_what_has_enough():
    seven = replace(WORK, parameters=7_000_000_000, method="full")
    with pytest.raises(
        NotAllowed, match=r"needs about 165\.\d GB \(modelled\) and l4x1 has 24 .*; nothing here has enough"
    ):
        options_of(replace(ASKED, work=seven))
    with pytest.raises(NotAllowed, match=r"needs about 32.5 GB .* enough have l40sx1, a100-large, h200;"):
        options_of(replace(ASKED, work=replace(seven, method="lora", checkpointing=True)))
    assert by_name(options_of(replace(ASKED, work=replace(seven, method="qlora", checkpointing=True))))


def test_hardware_the_policy_does_not_name_is_refused():
    with pytest.raises(NotAllowed, match="l4x1 is not allowed here; the policy allows t4-small"):
        options_of(allowed=("t4-small",))


# --- hardware made up for its edges --------------------------------------------------------------------------------------


def hardware(name: str, usd: str = "1", memory: str = "10") -> Flavor:
    return Flavor(name=name, title=name, usd_per_hour=Decimal(usd), memory_gb=Decimal(memory))


def likely(minutes: str | None, memory: str | None = "1") -> Estimate:
    return Estimate(
        minutes=None if minutes is None else Decimal(minutes),
        memory_gb=None if memory is None else Decimal(memory),
        sure="modelled",
    )


def among(asked: Flavor, other: Flavor, at_asked: Estimate, at_other: Estimate, *, room: str = "1000") -> list[str]:
    """Return the names of what is offered when `asked` was asked for, 60 minutes once, as `name flavor`."""
    options = make_options(
        JobSpec(script="train.py", flavor=asked.name, timeout_minutes=60, attempts=1),
        {asked.name: asked, other.name: other},
        lambda flavor: at_asked if flavor.name == asked.name else at_other,
        room_usd=Decimal(room),
        now=MADE_AT,
    )
    return [f"{name} {option.quote.flavor.name}" for option in options for name in option.names]


ALONE = ["cheapest one", "recommended one", "fastest one"]


def test_hardware_that_is_as_good_takes_no_name_from_what_was_asked_for():
    assert among(hardware("one"), hardware("another"), likely("30"), likely("30")) == ALONE


def test_a_cent_less_or_a_third_sooner_takes_the_name():
    cheaper = among(hardware("one", "1.01"), hardware("another"), likely("30"), likely("30"))
    assert cheaper == ["cheapest another", "recommended one", "fastest one"]
    sooner = among(hardware("one"), hardware("another", "9"), likely("30"), likely("20"))
    assert sooner == ["cheapest one", "recommended one", "fastest another"]
    assert among(hardware("one"), hardware("another", "9"), likely("25"), likely("20")) == ALONE


@pytest.mark.parametrize("unknown", [likely(None), likely("30", None), likely(None, None)])
def test_hardware_of_unknown_speed_or_need_is_not_offered_beside(unknown: Estimate):
    assert among(hardware("one", "2"), hardware("another"), likely("30"), unknown) == ALONE


def test_hardware_without_a_price_is_not_offered_beside():
    assert among(hardware("one"), hardware("another", "0"), likely("30"), likely("30")) == ALONE


def test_hardware_whose_memory_is_just_enough_is_offered_and_a_little_less_is_not():
    assert "cheapest another" in among(hardware("one", "2"), hardware("another"), likely("30"), likely("30", "10"))
    assert among(hardware("one", "2"), hardware("another"), likely("30"), likely("30", "10.1")) == ALONE


def test_nobody_is_offered_more_than_a_day():
    day = among(hardware("one", "99"), hardware("another"), likely("30"), likely("720"))
    assert "cheapest another" in day
    assert among(hardware("one", "99"), hardware("another"), likely("30"), likely("720.1")) == ALONE


def test_a_limit_the_estimate_just_meets_is_offered():
    assert "cheapest another" in among(hardware("one", "99"), hardware("another"), likely("60"), likely("90"))
    assert among(hardware("one", "99"), hardware("another"), likely("61"), likely("96")) == ALONE


def test_what_just_fits_into_the_budget_is_offered():
    costs_nine = hardware("another", "9")
    assert "fastest another" in among(hardware("one"), costs_nine, likely("60"), likely("40"), room="6.00")
    assert among(hardware("one"), costs_nine, likely("60"), likely("40"), room="5.99") == ALONE


def test_an_accelerator_is_never_traded_for_none():
    card = replace(hardware("one", "9"), accelerator="T4", accelerator_memory_gb=Decimal(16))
    assert among(card, hardware("another"), likely("30"), likely("30")) == ALONE
    assert "fastest another" in among(hardware("one"), replace(card, name="another"), likely("30"), likely("3"))


def test_of_too_little_memory_what_has_enough_is_named():
    with pytest.raises(NotAllowed, match="enough have another"):
        among(hardware("one"), hardware("another", memory="20"), likely("30", "20"), likely(None, "20"))
    with pytest.raises(NotAllowed, match="nothing here has enough"):
        among(hardware("one"), hardware("another", memory="20"), likely("30", "20"), likely(None, "20.1"))
    with pytest.raises(NotAllowed, match="nothing here has enough"):
        among(hardware("one"), hardware("another", memory="15"), likely("30", "20"), likely(None, None))
    with pytest.raises(NotAllowed, match="enough have another"):
        among(hardware("one"), hardware("another", memory="20"), likely("30", "20"), likely(None, None))


def test_a_short_job_keeps_ten_minutes_at_least():
    options = make_options(
        JobSpec(script="train.py", flavor="one", timeout_minutes=12, attempts=1),
        {"one": hardware("one"), "another": hardware("another", "20")},
        lambda flavor: likely("10" if flavor.name == "one" else "1"),
        now=MADE_AT,
    )
    assert [option.quote.timeout_minutes for option in options] == [12, 10]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("", set[str]()),
        ("Looks good to me", set[str]()),
        ("/intern option fastest", {"fastest"}),
        ("LGTM\r\n\r\nOption: Cheapest\r\n", {"cheapest"}),
        ("option: `fastest`.", {"fastest"}),
        ("option = **cheapest**", {"cheapest"}),
        ("option: fastest\noption: cheapest", {"fastest", "cheapest"}),
        ("option: gold", {"gold"}),
        ("> option: fastest", set[str]()),
        ("The option: fastest is too dear", set[str]()),
        ("I have no option fastest", set[str]()),
    ],
)
def test_an_option_is_named_on_a_line_of_its_own(body: str, named: set[str]):
    assert options_named(body) == named


# --- the gate ----------------------------------------------------------------------------------------------------------


def with_options() -> tuple[Facts, dict[str, Quote]]:
    """A plan with three options, before grace, hedy and ada; nothing costs another price than when it was made."""
    options = options_of()
    quotes = by_name(options)
    world, plan = facts(), a_plan()
    asked = replace(plan, asks=replace(plan.asks, job=ASKED), quote=quotes[RECOMMENDED], options=options)
    plan = replace(asked, cap_usd=quotes[RECOMMENDED].ceiling_usd)
    live = replace(world, reviews=(), quote=quotes[RECOMMENDED], option_quotes=quotes)
    return with_plan(live, plan), quotes


def said(world: Facts, *bodies: str) -> Judgement:
    people = ("grace", "hedy")
    return judge(
        replace(world, reviews=tuple(a_review(by, body=body) for by, body in zip(people, bodies, strict=False)))
    )


@pytest.mark.parametrize(
    ("body", "option"),
    [("", ""), ("option: recommended", ""), ("/intern option fastest", FASTEST), ("option: cheapest", CHEAPEST)],
)
def test_the_approving_review_chooses(body: str, option: str):
    judgement = said(with_options()[0], body)
    assert isinstance(judgement, Approved)
    assert judgement.option == option


@pytest.mark.parametrize(
    "body", ["option: gold", "option: h200x8", "option: fastest\noption: cheapest", "/intern option 1"]
)
def test_nothing_outside_the_list_can_be_chosen(body: str):
    assert failing(said(with_options()[0], body)) == {"people-enough", "review-chooses-one"}


def test_a_plan_without_options_offers_what_it_is_and_nothing_else():
    world = replace(facts(), reviews=())
    assert isinstance(said(world, "option: recommended"), Approved)
    assert failing(said(world, "option: fastest")) == {"people-enough", "review-chooses-one"}


def test_two_people_who_choose_differently_have_not_agreed():
    world, _ = with_options()
    two = replace(world, policy=replace(world.policy, people_needed=2))
    assert failing(said(two, "option: fastest", "")) == {"option-agreed"}
    assert "(grace fastest, hedy recommended)" in str(said(two, "option: fastest", ""))
    assert isinstance(said(two, "option: fastest", "option: fastest"), Approved)


def test_a_stranger_cannot_turn_the_choice():
    world, _ = with_options()
    eve = a_review("eve", body="option: fastest", submitted_at=MADE_AT + timedelta(minutes=5))
    judgement = judge(replace(world, reviews=(eve, a_review("grace", body="option: cheapest"))))
    assert isinstance(judgement, Approved)
    assert (judgement.by, judgement.option) == (("grace",), CHEAPEST)


def test_the_price_of_what_was_chosen_is_what_is_read_again():
    world, quotes = with_options()
    dearer = replace(quotes[FASTEST], ceiling_usd=quotes[FASTEST].ceiling_usd + Decimal("0.01"))
    raised = replace(world, option_quotes={**quotes, FASTEST: dearer})
    assert failing(said(raised, "option: fastest")) == {"price-within-quote"}
    assert isinstance(said(raised, "option: cheapest"), Approved)
    gone = replace(world, option_quotes={RECOMMENDED: quotes[RECOMMENDED]})
    assert failing(said(gone, "option: fastest")) == {"price-known"}
    assert isinstance(said(gone, ""), Approved)


def test_the_budget_is_asked_for_the_ceiling_of_what_was_chosen():
    world, quotes = with_options()
    tight = replace(world, room_usd=quotes[RECOMMENDED].ceiling_usd)
    assert failing(said(tight, "option: fastest")) == {"budget-room"}
    assert isinstance(said(tight, ""), Approved)


def test_a_dear_option_needs_the_plan_code_and_a_cheap_one_does_not():
    world, quotes = with_options()
    limit = replace(world, policy=replace(world.policy, code_above_usd=quotes[RECOMMENDED].ceiling_usd))
    assert failing(said(limit, "option: fastest")) == {"people-enough", "review-names-plan"}
    assert isinstance(said(limit, "option: cheapest"), Approved)


def test_a_tier_is_reached_by_the_option_that_was_chosen_not_by_the_others():
    world, quotes = with_options()
    tier = Tier(above_usd=quotes[RECOMMENDED].ceiling_usd, people_needed=2)
    two = replace(world, policy=replace(world.policy, tiers=(tier,)))
    assert isinstance(said(two, ""), Approved)
    assert failing(said(two, "option: fastest")) == {"people-enough"}
    assert isinstance(said(two, "option: fastest", "option: fastest"), Approved)


def test_the_digest_is_of_all_options_with_their_caps():
    plan = with_options()[0].plan
    first, *rest = plan.options
    dearer = replace(first, quote=replace(first.quote, ceiling_usd=first.quote.ceiling_usd + 1))
    digests = {plan_digest(one) for one in (plan, replace(plan, options=(dearer, *rest)), replace(plan, options=()))}
    assert len(digests) == 3


# --- what is chosen is what runs ---------------------------------------------------------------------------------------


def test_the_chosen_plan_has_the_hardware_the_limit_and_the_cap_of_its_option():
    plan, quotes = with_options()[0].plan, with_options()[1]
    for name in sorted(offered(plan)):
        settled, quote = chosen(plan, name), quotes[name]
        assert settled.job is not None
        assert (settled.job.flavor, settled.job.timeout_minutes) == (quote.flavor.name, quote.timeout_minutes)
        assert settled.job.parameters == {LIMIT_FLAG: str(quote.timeout_minutes), "batch": "16"}
        assert (settled.quote, settled.cap_usd) == (quote, quote.ceiling_usd)


def test_what_is_not_offered_cannot_be_had():
    plan: Plan = with_options()[0].plan
    with pytest.raises(Bug, match="no option 'gold'"):
        chosen(plan, "gold")


def test_a_script_that_is_not_told_its_limit_gets_no_flag():
    quote = make_quote(replace(ASKED, timeout_minutes=90), TABLE, UNKNOWN, MADE_AT)
    assert as_quoted(replace(ASKED, parameters={"a": "1"}), quote).parameters == {"a": "1"}


def test_a_review_may_be_long_and_name_nothing():
    review: Review = a_review(body="option: " * 10_000)
    assert options_named(review.body) == frozenset()
