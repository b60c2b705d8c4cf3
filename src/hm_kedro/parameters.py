"""Every parameter that a run takes, with its type and bounds; the values and their reasons stand in conf.

Kedro builds these models from `conf/*/parameters` and `--params`, and hands nodes the group that they
name. `Parameters` holds the groups together, so that an unknown or impossible parameter stops a run
before anything starts.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from hm_kedro.errors import HmKedroError

Share = Annotated[float, Field(ge=0, le=1)]
# Size of synthetic files against H&M's; at the least a hundred customers.
Scale = Annotated[float, Field(ge=0.0001, le=10)]


class Group(BaseModel):
    """A group of parameters: unknown names are refused, values can't change during a run."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataProcessingParameters(Group):
    """How strict reading is and how much history is kept."""

    max_rejected_share: Share
    history_weeks: PositiveInt | None


class EdaParameters(Group):
    """On what the relevance of attributes is measured."""

    relevance_weeks: PositiveInt
    relevance_window_days: PositiveInt
    relevance_buyers: PositiveInt
    relevance_groups: int = Field(ge=2)
    resamples: int = Field(ge=100)
    seed: int


class AlsParameters(Group):
    """The implicit-feedback ALS of Hu, Koren, Volinsky (2008), the same for both solvers."""

    window_days: PositiveInt
    half_life_days: PositiveFloat
    on_sale_days: PositiveInt
    rank: int = Field(ge=1, le=1024)
    iterations: PositiveInt
    alpha: PositiveFloat
    regularisation: float = Field(ge=0)
    blocks: PositiveInt
    seed: int


class AlsRetriever(Group):
    """Articles whose factors fit the customer's best."""

    top: PositiveInt


class OwnPurchasesRetriever(Group):
    """The customer's own past articles, decayed."""

    top: PositiveInt
    window_days: PositiveInt
    half_life_days: PositiveFloat


class BestsellersRetriever(Group):
    """What everybody bought in the last days."""

    top: int = Field(ge=12)
    window_days: PositiveInt


class RetrievalParameters(Group):
    """How many candidates each retriever proposes to a customer."""

    als: AlsRetriever
    own_purchases: OwnPurchasesRetriever
    bestsellers: BestsellersRetriever


class FeatureParameters(Group):
    """What the features look back on."""

    window_days: PositiveInt


class TrainingParameters(Group):
    """Which examples the ranker learns from."""

    weeks: PositiveInt
    negatives: PositiveInt
    max_rows: PositiveInt
    seed: int


class RankerParameters(Group):
    """LightGBM's parameters, by its own names where it has one."""

    objective: Literal["lambdarank", "rank_xendcg", "binary"]
    trees: PositiveInt
    num_leaves: int = Field(ge=2)
    learning_rate: float = Field(gt=0, le=1)
    min_data_in_leaf: PositiveInt
    feature_fraction: float = Field(gt=0, le=1)
    max_bin: int = Field(ge=2, le=255)
    num_threads: PositiveInt
    seed: int


class EvaluationParameters(Group):
    """Which weeks the models are judged on."""

    weeks: PositiveInt


class ArticleParameters(Group):
    """What the synthetic shop sells."""

    top12_share: Share
    niche_articles: PositiveFloat
    niche_spread: NonNegativeFloat
    life_weeks: PositiveFloat
    life_spread: NonNegativeFloat
    evergreen: Share
    evergreen_basics: Share
    evergreen_pull: float
    late_variants: Share
    rise_days: PositiveFloat
    fall: NonNegativeFloat
    cut: Share
    late: Share
    sale_pull: float


class Event(Group):
    """Days on which customers came more or less."""

    first: date
    last: date
    factor: PositiveFloat


class VisitParameters(Group):
    """When the synthetic customers shop, and how much they look for."""

    lines_a_visit: PositiveFloat
    rate_spread: NonNegativeFloat
    there_at_first: Share
    stay_weeks: PositiveFloat
    wake: NonNegativeFloat
    wake_memory: Share
    follow_up: Share
    follow_up_soon: float = Field(gt=0, le=1)
    basket_store: float
    basket_online: float
    basket_soon: float
    basket_spread: NonNegativeFloat
    single: float = Field(gt=0, le=1)
    summer: float
    weekdays: tuple[PositiveFloat, ...] = Field(min_length=7, max_length=7)
    shut_from: date
    shut_until: date
    events: tuple[Event, ...]


class ChoiceParameters(Group):
    """What the synthetic customers choose."""

    lasting_interests: PositiveInt
    lasting_weeks: PositiveFloat
    passing_interests: int = Field(ge=0)
    passing_weeks: PositiveFloat
    passing_strength: NonNegativeFloat
    strength_shape: PositiveFloat
    looks: PositiveInt
    style: float
    price: float
    explore: Share
    second_looks: int = Field(ge=0)
    passes: int = Field(ge=0)
    along: Share
    recent: PositiveInt
    return_soon: NonNegativeFloat
    return_days: PositiveFloat
    return_fade: NonNegativeFloat
    return_ever: NonNegativeFloat
    return_more: Share
    return_basics: NonNegativeFloat
    same: float = Field(gt=0, le=1)
    other_colour: Share


class SyntheticParameters(Group):
    """How synthetic files are made and what they are like."""

    seed: int = Field(ge=0)
    processes: int = Field(ge=0)
    gzip: bool
    parquet: bool
    part_bytes: PositiveInt
    article_power: Share
    ceiling_buyers: PositiveInt
    articles: ArticleParameters
    visits: VisitParameters
    choices: ChoiceParameters


def parse_cutoff(cutoff: str | date | None) -> date | None:
    """Read the run's cutoff; empty means the day after the last transaction.

    Raises:
        HmKedroError: not a date of the calendar in ISO form.

    >>> parse_cutoff("2020-09-16")
    datetime.date(2020, 9, 16)
    >>> parse_cutoff("") is None
    True
    """
    if cutoff is None or isinstance(cutoff, date):
        return cutoff
    if not cutoff.strip():
        return None
    try:
        return date.fromisoformat(cutoff.strip())
    except ValueError:
        raise HmKedroError(
            f"cutoff '{cutoff}' is no date: write it as year-month-day, such as cutoff=2020-09-16, "
            "or leave it out for the day after the last transaction"
        ) from None


class Parameters(Group):
    """All parameters of a run."""

    raw_dir: str
    output_dir: str
    cutoff: Annotated[date | None, BeforeValidator(parse_cutoff)]
    engine: str
    data_processing: DataProcessingParameters
    eda: EdaParameters
    als: AlsParameters
    retrieval: RetrievalParameters
    features: FeatureParameters
    training: TrainingParameters
    ranker: RankerParameters
    evaluation: EvaluationParameters
    scale: Scale
    synthetic: SyntheticParameters
