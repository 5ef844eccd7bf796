import contextlib
import math
import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import datasets
import mlcore.activations
import mlcore.init
import mlcore.losses
import mlcore.model
import mlcore.optim
import mlcore.schedules
import mlcore.train
from datasets.expansions import EXPANSIONS
from datasets.imputation import IMPUTATIONS
from datasets.transforms import SCALES
from tui.lab.fields import FIELDS, Field, FieldError, explain_unknown
from tui.lab.spec import (
    MADE_WITH,
    Spec,
    SpecError,
    for_file,
    load_spec,
    looks_like_path,
    read_spec_file,
    set_values,
    spec_from_table,
)
from tui.lab.values import edit_text, read_text, read_value, step_value


def values(field: Field) -> st.SearchStrategy:
    """Any value that the field takes."""
    match field.kind:
        case "choice":
            return st.sampled_from(field.values)
        case "flag":
            return st.booleans()
        case "text":
            return st.text(st.characters(blacklist_categories=["Cs", "Cc"])).map(str.strip)
        case "sizes":
            return st.lists(st.integers(1, int(field.high or 100)), max_size=5).map(tuple)
        case "several":
            return st.lists(st.sampled_from(field.values)).map(lambda w: tuple(v for v in field.values if v in w))
        case "weights":
            weight = st.floats(0, exclude_min=True, allow_infinity=False)
            return st.one_of(st.just("balanced"), st.lists(weight, max_size=5).map(tuple))
        case "batch":
            return st.one_of(st.just("full"), st.integers(1, 10**6))
        case "int":
            return st.integers(int(field.low or 0), int(field.high or 10**9))
        case _:
            return st.floats(
                field.low,
                field.high,
                exclude_min=field.open_low,
                exclude_max=field.open_high,
                allow_nan=False,
                allow_infinity=False,
            )


@st.composite
def fields_with_values(draw):
    field = draw(st.sampled_from(list(FIELDS.values())))
    return field, draw(values(field))


@st.composite
def specs(draw):
    spec = Spec()
    for field in FIELDS.values():
        if draw(st.booleans()):
            spec = spec.with_value(field.key, draw(values(field)))
    options = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.just("last"))
    for table in ("data.options", "model.init_options", "training.schedule_options"):
        for name, value in draw(st.dictionaries(st.text(string.ascii_lowercase, min_size=1), options)).items():
            spec = spec.with_value(f"{table}.{name}", value)
    return spec


@given(fields_with_values())
def test_a_shown_value_reads_back_as_itself(pair) -> None:
    field, value = pair
    assert read_text(field, edit_text(field, value)) == value


@given(fields_with_values(), st.sampled_from([-1, 1]))
@example((FIELDS["training.lr"], 5e-324), -1)
@example((FIELDS["training.lr"], 1.7e308), 1)
def test_a_step_gives_a_value_that_the_field_takes(pair, direction) -> None:
    field, value = pair
    stepped = step_value(field, value, direction)
    assert read_value(field, stepped) == stepped


@given(specs())
def test_toml_round_trip(spec) -> None:
    import tomllib

    assert spec_from_table(tomllib.loads(spec.to_toml())) == spec


@given(st.sampled_from(list(FIELDS.values())), st.text(max_size=30))
def test_any_text_is_read_or_refused_in_words(field, text) -> None:
    try:
        value = read_text(field, text)
    except FieldError:
        return
    assert read_value(field, value) == value


@given(
    st.sampled_from(list(FIELDS.values())),
    st.one_of(st.none(), st.integers(), st.floats(), st.lists(st.floats())),
)
def test_any_value_is_read_or_refused_in_words(field, value) -> None:
    with contextlib.suppress(FieldError):
        assert read_value(field, read_value(field, value)) == read_value(field, value)


def test_a_number_that_no_float_holds_is_refused() -> None:
    with pytest.raises(FieldError, match="expected a number above 0"):
        read_value(FIELDS["training.lr"], 10**400)
    with pytest.raises(FieldError):
        read_text(FIELDS["training.epochs"], "9" * 5000)


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("data.scale", SCALES),
        ("data.missing", IMPUTATIONS),
        ("data.expand", EXPANSIONS),
        ("model.activation", mlcore.activations.ACTIVATIONS),
        ("model.init", mlcore.init.INITIALISATIONS),
        ("model.output", mlcore.model.OUTPUTS),
        ("training.loss", mlcore.losses.LOSSES),
        ("training.optimizer", mlcore.optim.OPTIMIZERS),
        ("training.schedule", mlcore.schedules.SCHEDULE_KINDS),
        ("training.sampling", mlcore.train.SAMPLINGS),
    ],
)
def test_the_choices_are_what_the_packages_have(key, registry) -> None:
    assert set(FIELDS[key].values) == set(registry)


def test_every_setting_of_the_spec_has_a_field() -> None:
    import msgspec

    keys = {"name", "seed"}
    for table in ("data", "model", "training"):
        keys |= {f"{table}.{key}" for key in msgspec.structs.asdict(getattr(Spec(), table))}
    assert keys - {"data.options", "model.init_options", "training.schedule_options"} == set(FIELDS)
    for key, field in FIELDS.items():
        assert read_value(field, Spec().value(key)) == Spec().value(key)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("training.lr=fast", 'training.lr: expected a number above 0, received "fast"'),
        ("training.lr=0", "training.lr: expected a number above 0"),
        ("lr=0.1", "lr: no such setting; did you mean training.lr?"),
        ("model.hiden=3", "did you mean model.hidden?"),
        ("model.activation=rely", "expected relu, leaky_relu"),
        ("data.test=1", "expected a number from 0 below 1"),
        ("seed=-1", "seed: expected a whole number from 0 to 4,294,967,295, received -1"),
        ("training.epochs=0", "expected a whole number from 1 to 1,000,000, received 0"),
        ("training.label_smoothing=2", "training.label_smoothing: expected a number from 0 to 1, received 2"),
        ("training.epsilon=0.5", "training.epsilon: expected a number from 0 to 0.001, received 0.5"),
        ("model.normalization=group", 'model.normalization: expected none, batch or layer, received "group"'),
        ("training.class_weight=even", '"even" is not a number: expected balanced, or one number above 0 a class'),
        ("training.class_weight=1,0", "training.class_weight: 0 is no weight: expected a number above 0"),
        ("data.options.missing=mean", "data.options.missing: no such setting; did you mean data.missing?"),
        ("missing=mean", "did you mean data.missing?"),
        ("text=drop", "did you mean data.options.text?"),
        ("data.missing=zero", 'data.missing: expected mean, median or drop, received "zero"'),
        ("data.expand=cube", "data.expand: expected any of square, product, sin, commas between (empty for none)"),
        ("data.folds=-1", "data.folds: expected a whole number from 0, received -1"),
        ("data.fold=0", "data.fold: expected a whole number from 1, received 0"),
        ("data.components=2.5", "data.components: expected a whole number from 0"),
        ("epochs", "--set takes KEY=VALUE"),
        ("data.options.=3", "data.options.: expected NAME"),
    ],
)
def test_wrong_assignments_say_what_was_expected(assignment, words) -> None:
    with pytest.raises(SpecError) as error:
        set_values(Spec(), [assignment])
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_assignments_are_read_by_their_fields_type() -> None:
    spec = set_values(
        Spec(),
        [
            "model.hidden=64,64",
            "training.batch_size=full",
            "data.stratify=no",
            "data.options.noise=.3",
            "seed=7",
        ],
    )
    assert (spec.model.hidden, spec.training.batch_size, spec.data.stratify) == ((64, 64), "full", False)
    assert (spec.data.options, spec.seed) == ({"noise": 0.3}, 7)
    assert set_values(spec, ["data.source=circles"]).data.options == {}
    assert set_values(spec, ["data.source=moons"]).data.options == {"noise": 0.3}
    assert set_values(spec, ["model.hidden="]).model.hidden == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("seed = 1\n[training]\nepochs = 0\n", ":3: training.epochs: expected"),
        ("[training]\nlearning_rate = 0.1\n", ":2: training.learning_rate: no such setting"),
        ("[train]\nlr = 1\n", "train: no such setting"),
        ("seed = 1\nname = \n", ":2: not TOML"),
        ("[training.options]\nlr = 1\n", "training.options.lr: no such setting"),
        ("[data.options]\nnoise = [1, 2]\n", ":2: data.options.noise: expected"),
        ("data = 3\n", "data: no such setting"),
    ],
)
def test_a_wrong_spec_file_is_named_with_its_line(tmp_path: Path, text, place) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(SpecError) as error:
        load_spec(file)
    assert str(error.value).startswith(str(file))
    assert place in str(error.value)


def test_files_that_are_no_specs(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "x.toml", tmp_path / "absent.toml", tmp_path):
        with pytest.raises(SpecError):
            load_spec(path)


def test_a_source_is_looked_for_beside_its_spec(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("1,2,a\n")
    (tmp_path / "s.toml").write_text('[data]\nsource = "mine.csv"\noptions = { target = "last" }\n')
    spec = load_spec(tmp_path / "s.toml")
    assert spec.data.source == str(tmp_path / "mine.csv")
    assert spec.data.options == {"target": "last"}


def test_the_record_of_a_run_is_read_apart(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(Spec(seed=5).to_toml() + f'[{MADE_WITH}]\nnumpy = "2.4.0"\n')
    assert read_spec_file(path) == (Spec(seed=5), {"numpy": "2.4.0"})


def test_contradictions_are_named() -> None:
    assert Spec().problems() == []
    assert set_values(Spec(), ["training.momentum=.9"]).problems()[0][0] == "training.momentum"
    assert set_values(Spec(), ["model.output=sigmoid"]).problems()[0][0] == "model.output"
    assert set_values(Spec(), ["data.test=.5", "data.validation=.5"]).problems()[0][0] == "data.validation"


@pytest.mark.parametrize(
    ("source", "scale"),
    [
        ("wine.csv", "standard"),
        ("a/train-images-idx3-ubyte.gz", "unit"),
        ("Pictures.IDX3", "unit"),
        ("idx/wine.csv", "standard"),
        (".", "unit"),
    ],
)
def test_a_file_of_images_is_scaled_as_pixels(source, scale) -> None:
    assert for_file(source).data.scale == scale


def test_what_is_a_path(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert for_file("wine.csv").is_file
    assert not any(looks_like_path(name) for name in (*datasets.GENERATORS, "mnist"))
    (tmp_path / "mnist").mkdir()
    assert looks_like_path("mnist")


def test_unknown_keys_get_a_hint() -> None:
    assert explain_unknown("training.learningrate").endswith(("?", ", ".join(FIELDS)))
    assert math.isclose(Spec().value("training.lr"), 0.01)
    with pytest.raises(KeyError):
        Spec().value("training.nothing")


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (["training.nesterov=true"], "training.nesterov"),
        (["training.optimizer=sgd", "training.nesterov=true"], "training.nesterov"),
        (["training.optimizer=sgd", "training.dampening=.1"], "training.dampening"),
        (
            ["training.optimizer=sgd", "training.momentum=.9", "training.nesterov=1", "training.dampening=.1"],
            "training.dampening",
        ),
        (["training.optimizer=sgd", "training.amsgrad=true"], "training.amsgrad"),
        (["training.centered=true"], "training.centered"),
        (["training.mse=half_sum"], "training.mse"),
        (["training.loss=mse", "training.epsilon=1e-16"], "training.epsilon"),
        (["training.loss=bce", "training.labels=one_hot"], "training.labels"),
        (["training.loss=bce", "training.class_weight=balanced"], "training.class_weight"),
        (["training.loss=mse", "training.class_weight=1,2"], "training.class_weight"),
        (["training.loss=mse", "training.label_smoothing=.1"], "training.label_smoothing"),
        (["model.bias=input", "model.channels=8"], "model.bias"),
        (["model.normalization=batch", "training.batch_size=1"], "model.normalization"),
        (["data.folds=1"], "data.folds"),
        (["data.folds=3", "data.fold=4"], "data.fold"),
        (["data.fold=2"], "data.fold"),
        (["data.components=2", "model.channels=8"], "data.components"),
        (["data.expand=sin", "model.channels=8"], "data.expand"),
        (["training.schedule_options.gamma=.5"], "training.schedule_options.gamma"),
        (["training.schedule=step", "training.schedule_options.gamma=half"], "training.schedule_options.gamma"),
        (["training.schedule=step", "training.schedule_options.step_size=0"], "training.schedule_options.step_size"),
        (["training.schedule=step", "training.schedule_options.gamma=1e300"], "training.schedule_options.gamma"),
        (["training.schedule=warmup", "training.schedule_options.then=warmup"], "training.schedule_options.then"),
    ],
)
def test_switches_that_contradict_one_another_are_named(settings, key) -> None:
    problems = set_values(Spec(), settings).problems()
    assert [problem[0] for problem in problems] == [key]
    assert "\n" not in problems[0][1]


@pytest.mark.parametrize(
    ("setting", "off"),
    [
        ("training.epsilon=1e-16", "set it back to 0"),
        ("training.class_weight=balanced", "leave it empty"),
        ("training.label_smoothing=.1", "set it back to 0"),
    ],
)
def test_what_is_for_classes_is_not_advised_to_a_regression(setting, off) -> None:
    """Numbers take mse and no other loss: two pieces of advice must not send a person round in a circle."""
    [(_, words)] = set_values(Spec(), ["training.loss=mse", setting]).problems()
    assert words.endswith(f"classes only: {off}")
    [(_, words)] = set_values(Spec(), ["training.loss=bce", setting]).problems()
    assert words.startswith("bce ")
    assert words.endswith("or set cross_entropy as loss")


@pytest.mark.parametrize("settings", [["model.normalization=layer"], ["model.normalization=batch", "model.hidden="]])
def test_single_samples_are_for_layer_normalisation(settings) -> None:
    assert set_values(Spec(), [*settings, "training.batch_size=1"]).problems() == []


def test_options_of_schedules() -> None:
    spec = set_values(Spec(), ["training.schedule=multistep", "training.schedule_options.milestones=10,20"])
    assert spec.training.schedule_options == {"milestones": (10, 20)}
    assert spec.problems() == []
    assert spec_from_table(spec.to_table()) == spec
    assert set_values(spec, ["training.schedule=step"]).training.schedule_options == {}
    assert set_values(spec, ["training.schedule_options.milestones=5"]).training.schedule_options["milestones"] == (5,)
    for wrong in ("soon", "", "0,3"):
        with pytest.raises(SpecError, match="expected epochs from 1"):
            set_values(spec, [f"training.schedule_options.milestones={wrong}"])


@pytest.mark.parametrize("name", mlcore.schedules.SCHEDULE_KINDS)
def test_every_schedule_takes_its_own_defaults(name) -> None:
    from inspect import signature

    spec = set_values(Spec(), [f"training.schedule={name}"])
    for option in list(signature(mlcore.schedules.SCHEDULE_KINDS[name]).parameters.values())[1:]:
        if option.default is not None:
            spec = spec.with_value(f"training.schedule_options.{option.name}", option.default)
    assert spec.problems() == []


def test_some_numbers_are_stepped_through_as_the_sheets_have_them() -> None:
    assert step_value(FIELDS["training.epsilon"], 0.0, 1) == 1e-16
    assert step_value(FIELDS["training.epsilon"], 1e-16, 1) == 1e-16
    assert step_value(FIELDS["training.epsilon"], 1e-16, -1) == 0
    assert step_value(FIELDS["training.patience"], 0, 1) == 1
    assert step_value(FIELDS["training.clip_norm"], 1.0, -1) == 0.5
    assert step_value(FIELDS["model.bias_init"], "", 1) == "kaiming_normal"
    assert set_values(Spec(), ["model.bias_init="]).model.bias_init == ""
    assert '"", kaiming_normal' in FIELDS["model.bias_init"].expected()


def test_several_words_are_stepped_through_as_all_their_subsets() -> None:
    field = FIELDS["data.expand"]
    seen, value = [], ()
    for _ in range(8):
        seen.append(value)
        value = step_value(field, value, 1)
    assert value == ()
    assert len(set(seen)) == 8
    assert step_value(field, (), -1) == ("square", "product", "sin")
    assert set_values(Spec(), ["data.expand=sin, square"]).data.expand == ("square", "sin")
    assert (
        set_values(Spec(), ["data.expand="]).data.expand == set_values(Spec(), ["data.expand=none"]).data.expand == ()
    )
    assert spec_from_table({"data": {"expand": "sin"}}).data.expand == ("sin",)


def test_folds_leave_the_share_of_validation_alone() -> None:
    assert set_values(Spec(), ["data.folds=5", "data.fold=5", "data.test=.5", "data.validation=.5"]).problems() == []


def test_a_word_that_is_no_choice_is_stepped_away_from() -> None:
    from tui.lab.options import option_fields

    fields = {field.key: field for field, _ in option_fields("t.csv")}
    assert step_value(fields["data.options.text"], "nonsense", 1) == "auto"
    assert [key.rpartition(".")[2] for key in fields] == list(datasets.KINDS["csv"].options)
