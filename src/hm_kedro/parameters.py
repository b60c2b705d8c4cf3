"""Every parameter that a run takes, with its type and bounds; the values and their reasons stand in conf.

Kedro builds these models from `conf/*/parameters` and `--params`, and hands nodes the group that they
name. `Parameters` holds the groups together, so that an unknown or impossible parameter stops a run
before anything starts.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from hm_kedro.errors import HmKedroError
from hm_kedro.schemas import ATTRIBUTES

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
    max_purchases: PositiveInt
    half_life_days: PositiveFloat
    decay_power: NonNegativeFloat
    rarity_power: float = Field(ge=0, le=2)
    history_power: Share
    on_sale_days: PositiveInt
    rank: int = Field(ge=1, le=1024)
    max_factors: PositiveInt
    factors_a_pair: PositiveFloat
    max_spark_rank: PositiveInt
    iterations: PositiveInt
    alpha: PositiveFloat
    regularisation: NonNegativeFloat
    fold_in_regularisation: PositiveFloat
    blocks: PositiveInt
    checkpoint_interval: PositiveInt
    seed: int


class TuningParameters(Group):
    """What is tried to find settings, and on whom.

    Attributes:
        grid: values of parameters by name.
    """

    weeks: PositiveInt
    buyers: PositiveInt
    trials: PositiveInt
    grid: Mapping[str, tuple[float | str, ...]]
    seed: int

    def check_names(self, settings: type[Group], whose: str) -> Self:
        """Refuse names that the settings don't have."""
        unknown = sorted(set(self.grid) - set(settings.model_fields))
        if unknown:
            raise ValueError(f"{whose} has no parameter {', '.join(unknown)}")
        return self


class AlsTuningParameters(TuningParameters):
    """What is tried to find the settings of ALS, and on whom."""

    grid: dict[str, tuple[float, ...]]

    @model_validator(mode="after")
    def _of_als(self) -> Self:
        return self.check_names(AlsParameters, "ALS")


class RelatedParameters(Group):
    """Which articles are bought by the same customers."""

    window_days: PositiveInt
    max_purchases: PositiveInt
    half_life_days: PositiveFloat
    history_power: Share
    popularity_power: Share
    min_customers: PositiveInt
    neighbours: PositiveInt


class SalesParameters(Group):
    """Over which days sales are counted, and by which groups of customers."""

    window_days: PositiveInt
    trend_days: PositiveInt
    age_edges: tuple[PositiveInt, ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.trend_days <= self.window_days:
            raise ValueError(f"trend_days {self.trend_days} must be more than window_days {self.window_days}")
        if list(self.age_edges) != sorted(set(self.age_edges)):
            raise ValueError(f"age_edges {list(self.age_edges)} must rise")
        return self


class Retriever(Group):
    """How many articles a retriever proposes to a customer (none: it is off), and its weight in the blend."""

    top: NonNegativeInt
    weight: NonNegativeFloat


class AlsRetriever(Retriever):
    """Articles whose factors fit the customer's best."""

    already_bought: bool


class HistoryRetriever(Retriever):
    """By the customer's own history: a purchase counts 1 / age^decay_power, ages in days."""

    decay_power: NonNegativeFloat


class OwnPurchasesRetriever(HistoryRetriever):
    """The customer's own articles, those that sell well before others: popularity counts to this power (0: not)."""

    popularity_power: NonNegativeFloat


def _known_attribute(name: str) -> str:
    if name not in ("product", *ATTRIBUTES):
        raise ValueError(f"'{name}' is no attribute of articles: choose from product, {', '.join(ATTRIBUTES)}")
    return name


Attribute = Annotated[str, AfterValidator(_known_attribute)]


class AttributeProfileRetriever(HistoryRetriever):
    """Articles like those that the customer buys."""

    attributes: tuple[Attribute, ...]
    articles: PositiveInt


class GroupRetriever(Retriever):
    """Bestsellers of a group of customers."""

    smoothing: NonNegativeFloat


class RetrievalParameters(Group):
    """Which retrievers propose how many candidates, and how many of them a customer gets."""

    history_days: PositiveInt
    budget: int = Field(ge=12)
    als: AlsRetriever
    own_purchases: OwnPurchasesRetriever
    product_variants: HistoryRetriever
    bought_together: HistoryRetriever
    attribute_profile: AttributeProfileRetriever
    bestsellers: Retriever
    age_bestsellers: GroupRetriever
    section_bestsellers: HistoryRetriever
    trending: Retriever
    newcomers: GroupRetriever

    def of(self, name: str) -> Retriever:
        """Give the parameters of a retriever."""
        group: Retriever = getattr(self, name)
        return group

    @property
    def retrievers(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(name for name, value in self if isinstance(value, Retriever))

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any(self.of(name).top for name in self.retrievers):
            raise ValueError("every retriever's top is 0: switch one on")
        return self


class FeatureParameters(Group):
    """What the features look back on, which attributes of articles they look at, and which families there are."""

    window_days: PositiveInt
    sales_days: tuple[PositiveInt, ...] = Field(min_length=2)
    affinities: NonNegativeInt
    min_lift: NonNegativeFloat
    without: tuple[Literal["retrieval", "own_history", "article", "customer", "match"], ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if list(self.sales_days) != sorted(set(self.sales_days)):
            raise ValueError(f"sales_days {list(self.sales_days)} must rise")
        return self


class TrainingParameters(Group):
    """Which examples the ranker learns from."""

    weeks: PositiveInt
    most_weeks: PositiveInt
    enough_purchases: NonNegativeInt
    negatives: PositiveInt
    misses: float = Field(ge=0, le=1)
    max_rows: PositiveInt
    seed: int


class BoosterParameters(Group):
    """LightGBM's parameters, by its own names where it has one."""

    objective: Literal["lambdarank", "rank_xendcg", "binary"]
    boosters: PositiveInt
    boosters_rows: PositiveInt
    trees: PositiveInt
    patience: NonNegativeInt
    num_leaves: int = Field(ge=2)
    learning_rate: float = Field(gt=0, le=1)
    min_data_in_leaf: PositiveInt
    feature_fraction: float = Field(gt=0, le=1)
    bagging_fraction: float = Field(gt=0, le=1)
    lambda_l2: NonNegativeFloat
    max_bin: int = Field(ge=2, le=255)
    truncation: PositiveInt
    num_threads: PositiveInt
    seed: int


class RankerParameters(BoosterParameters):
    """How the ranker is trained, and by whom."""

    training: Literal["single", "distributed"]
    workers: PositiveInt

    def of_a_run(self) -> Self:
        """Give what rankers of a run are trained with: where workers train, of many examples, that is one booster."""
        return self.model_copy(update={"boosters": 1}) if self.training == "distributed" else self


class RankerSettings(BoosterParameters):
    """All that a search for the ranker's settings may vary."""

    weeks: PositiveInt
    negatives: PositiveInt
    misses: float = Field(ge=0, le=1)


class RankerTuningParameters(TuningParameters):
    """What is tried to find the settings of the ranker, and on whom."""

    grid: dict[str, tuple[float | str, ...]]

    @model_validator(mode="after")
    def _of_ranker(self) -> Self:
        return self.check_names(RankerSettings, "the ranker")


class ExplainParameters(Group):
    """Whose recommendations are explained, and with how many words."""

    customers: PositiveInt
    reasons: PositiveInt
    seed: int


class ImportanceParameters(Group):
    """On how many examples, and how often, the worth of features is measured."""

    rows: PositiveInt
    repeats: PositiveInt
    num_threads: PositiveInt
    seed: int


class AblationParameters(Group):
    """How the intervals of what the parts of the ranker are worth are drawn."""

    resamples: int = Field(ge=100)
    seed: int


class ScoringParameters(Group):
    """How many customers are scored at a time, and from how many candidates on by compiled rankers."""

    customers: PositiveInt
    compile_rows: NonNegativeInt


class EvaluationParameters(Group):
    """Which weeks the models are judged on."""

    weeks: NonNegativeInt


class ComparisonParameters(Group):
    """How certain a comparison is, and what counts as head and as new."""

    resamples: int = Field(ge=100)
    seed: int
    head_share: Share
    new_days: PositiveInt


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


StageName = Literal[
    "read",
    "bought_together",
    "article_features",
    "als_fit",
    "als_top",
    "candidates",
    "examples",
    "train",
    "score",
    "whole",
]
Several = Field(min_length=1)


class QualityParameters(Group):
    """On which parts of the log the project is run to see what they buy in quality."""

    shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Several
    history_weeks: tuple[PositiveInt, ...]
    candidates: tuple[PositiveInt, ...]
    params: dict[str, int | float | str | bool]


class StudyParameters(Group):
    """What a study of scaling measures; the first value of a setting is the base."""

    shares: tuple[Annotated[float, Field(gt=0, le=1)], ...]
    scales: tuple[Scale, ...]
    vary_on: float
    stages: tuple[StageName, ...] = Several
    engines: tuple[Literal["spark", "sail", "cluster"], ...]
    yardsticks: tuple[Literal["pandas", "duckdb", "implicit", "lightgbm"], ...]
    cores: tuple[PositiveInt, ...] = Several
    factors: tuple[PositiveInt, ...] = Several
    blocks: tuple[PositiveInt, ...] = Several
    candidates: tuple[PositiveInt, ...] = Several
    history_weeks: tuple[PositiveInt | None, ...] = Several
    repeats: PositiveInt
    most_seconds: PositiveFloat
    most_gb: PositiveFloat
    params: dict[str, int | float | str | bool]
    quality: QualityParameters
    seed: int

    @model_validator(mode="after")
    def _has_data(self) -> Self:
        if self.vary_on not in (*self.shares, *self.scales):
            raise ValueError(f"vary_on {self.vary_on:g} is neither one of its shares nor one of its scales")
        return self


class ScalingParameters(Group):
    """The studies of scaling, by name."""

    studies: dict[str, StudyParameters]


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
    als_tuning: AlsTuningParameters
    related: RelatedParameters
    sales: SalesParameters
    retrieval: RetrievalParameters
    features: FeatureParameters
    training: TrainingParameters
    ranker: RankerParameters
    ranker_tuning: RankerTuningParameters
    importance: ImportanceParameters
    ablation: AblationParameters
    scoring: ScoringParameters
    customer_id: str
    explain: ExplainParameters
    submissions: str
    evaluation: EvaluationParameters
    comparison: ComparisonParameters
    scale: Scale
    synthetic: SyntheticParameters
    study: str
    scaling_study: ScalingParameters

    @model_validator(mode="after")
    def _has_study(self) -> Self:
        if self.study not in self.scaling_study.studies:
            raise HmKedroError(
                f"study '{self.study}' is not known: choose one of {', '.join(self.scaling_study.studies)}, or add it "
                "to scaling_study.studies"
            )
        return self
