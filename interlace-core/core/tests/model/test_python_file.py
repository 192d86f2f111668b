from __future__ import annotations

import sys
from pathlib import Path

import pytest

from interlace.errors import InvalidModel
from interlace.model.definition import Parameter
from interlace.model.python_file import load_function, own_frames
from interlace.model.python_imports import private_name

HEAD = "from interlace.model.decorator import model, ref\n"


def data(project, name="m"):
    return project.models()[name].fingerprint.data


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def m(): return []", "function"),
        ("async def m(): return []", "async"),
        ("def m(): yield 1", "generator"),
        ("async def m(): yield 1", "async_generator"),
    ],
)
def test_each_kind_of_function_is_a_model(project, source, kind):
    model = project.model("models/m.py", f"{HEAD}@model\n{source}\n")

    assert ("m", kind, "models/m.py", 3) == (model.name, model.body.kind, model.body.file, model.line)


def test_the_keys_are_those_of_a_sql_file(project):
    model = project.model(
        "models/m.py",
        HEAD + '@model(name="orders", primary_key="id", columns={"id": "BIGINT"}, timeout="10m", meta={"a": (1,)})\n'
        "def m():\n    '''All orders.\n\n    Each once.\n    '''\n    return []\n",
    )

    assert ("orders", ("id",), 600.0, "All orders.\n\nEach once.") == (
        model.name, model.key, model.timeout, model.description,
    )  # fmt: skip
    assert {"a": [1]} == model.meta


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_annotations_say_what_an_input_arrives_as(project, future):
    model = project.model(
        "models/m.py",
        future
        + HEAD
        + "from typing import Annotated\nimport pandas as pd\nimport pyarrow\nfrom polars import LazyFrame\n"
        "import ibis.expr.types as ir\n"
        "@model\ndef m(a, b: pd.DataFrame, c: pyarrow.RecordBatchReader, d: LazyFrame, e: ir.Table,\n"
        "      f: Annotated[pyarrow.Table, ref('staging.\"my orders\"')], context, limit=3):\n    return a\n",
    )

    assert (
        Parameter("a", ("a",), "ibis.Table"),
        Parameter("b", ("b",), "pandas.DataFrame"),
        Parameter("c", ("c",), "pyarrow.RecordBatchReader"),
        Parameter("d", ("d",), "polars.LazyFrame"),
        Parameter("e", ("e",), "ibis.Table"),
        Parameter("f", ("staging", "my orders"), "pyarrow.Table"),
    ) == model.body.parameters
    assert "context" == model.body.context


def test_an_annotation_under_type_checking_imports_nothing(project):
    model = project.model(
        "models/m.py",
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        + HEAD
        + "if TYPE_CHECKING:\n    import polars_that_is_not_there\n    from pandas import DataFrame as Frame\n"
        "@model\ndef m(a: Frame): return a\n",
    )

    assert (Parameter("a", ("a",), "pandas.DataFrame"),) == model.body.parameters


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("@model\ndef m(*rows): return 1", "models/m.py:3: a model names each input: '*rows' names none"),
        ("@model\ndef m(**rows): return 1", "models/m.py:3: a model names each input: '**rows' names none"),
        ("@model\ndef m(a, /): return 1", "models/m.py:3: the parameter 'a' is positional only"),
        ("@model\ndef m(a: 'pd.Frame'): return 1", "asks for 'pd.Frame'; an input can be ibis.Table, pyarrow.Table"),
        ("@model\ndef m(a: int): return 1", "asks for 'builtins.int'"),
        ("@model(\n  kee='id')\ndef m(): return 1", "models/m.py:3: a model has no key 'kee'\nDid you mean 'key'?"),
        ("@model(materialise='view')\ndef m(): return 1", "models/m.py:2: a Python model cannot be materialised as 'view'"),
        ("@model(meta={'f': print})\ndef m(): return 1", "models/m.py:2: 'meta' must be plain data"),
        ("@model\ndef m(: return 1", "models/m.py:3:7: syntax error: invalid syntax\n    def m(: return 1\n          ^"),
        ("1 / 0\n@model\ndef m(): return 1", "models/m.py:2: importing it raised ZeroDivisionError: division by zero\n    1 / 0"),
        ("import nowhere\n@model\ndef m(): pass", "models/m.py:2: importing it raised ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit(3)\n@model\ndef m(): pass", "models/m.py:2: importing it raised SystemExit: 3"),
        ("@model\ndef m(): return 1\n@model\ndef m(): return 2", "models/m.py:5: the function 'm' is defined twice, first on line 3"),
        ("@model('orders')\ndef m(): pass", "models/m.py:2: importing it raised TypeError: @model stands on a function"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_and_line(project, source, message):
    assert message in project.error("models/m.py", f"{HEAD}{source}\n")


def test_an_error_in_a_helper_names_its_line_and_no_frame_of_interlace(project):
    project.write("helpers.py", "def boom():\n    raise ValueError('no')\n")
    message = project.error("models/m.py", f"{HEAD}import helpers\nhelpers.boom()\n@model\ndef m(): pass\n")

    assert (
        "models/m.py:3: importing it raised ValueError: no\n    helpers.boom()\nRaised in helpers.py:2, in boom"
        == message
    )


def test_helpers_import_as_modules_of_the_root_and_of_models(project):
    project.write("helpers/__init__.py", "from .sub import ONE\n")
    project.write("helpers/sub.py", "ONE = 1\n")
    project.write("models/shared.py", "TWO = 2\n")
    project.write("lib.py", "import helpers.sub\ndef three(): return helpers.sub.ONE + 2\n")
    model = project.model(
        "models/m.py",
        HEAD + "import helpers\nfrom models.shared import TWO\nfrom .shared import TWO as AGAIN\n"
        "@model\ndef m():\n    import lib\n    return [helpers.ONE, TWO, AGAIN, lib.three()]\n",
    )

    assert [1, 2, 2, 3] == load_function(project.root, model.body)()
    assert not {"helpers", "lib", "models"} & sys.modules.keys()


def test_two_projects_with_the_same_names_do_not_meet(project, tmp_path):
    other = type(project)(tmp_path / "other")
    found = []
    for each, value in ((project, 1), (other, 2)):
        each.write("helpers.py", f"VALUE = {value}\n")
        body = each.model("models/m.py", HEAD + "@model\ndef m():\n    import helpers\n    return helpers.VALUE\n").body
        found.append((each.root, body))

    assert [1, 2] == [load_function(root, body)() for root, body in found]


def test_a_changed_helper_is_imported_anew(project):
    project.write("helpers.py", "VALUE = 1\n")
    project.write("models/m.py", HEAD + "import helpers\n@model\ndef m(): return helpers.VALUE\n")
    project.load(cache="c")
    project.write("helpers.py", "VALUE = 2\n")
    model = project.load(cache="c").models[0]

    assert 2 == load_function(project.root, model.body)()


def test_importing_writes_nothing_beside_the_models(project):
    project.write("models/helpers.py", "VALUE = 1\n")
    project.model("models/m.py", HEAD + "from models import helpers\n@model\ndef m(): return 1\n")

    assert ["helpers.py", "m.py"] == sorted(p.name for p in (project.root / "models").iterdir())


def test_a_function_that_another_file_imports_is_one_model(project):
    project.write("models/a.py", HEAD + "@model\ndef a(): return 1\n")
    project.write("models/b.py", HEAD + "from models.a import a\n@model\ndef b(x): return a\n")

    assert {"a", "b"} == set(project.models())


def test_a_wrapped_function_is_a_model(project):
    project.write("deco.py", "def twice(f):\n    def inner(a): return f(a) * 2\n    return inner\n")
    model = project.model("models/m.py", HEAD + "from deco import twice\n@model\n@twice\ndef m(a): return a\n")

    assert 6 == load_function(project.root, model.body)(3)


def test_names_of_files_may_be_odd(project):
    model = project.model("models/2024 some.orders.py", HEAD + "@model\ndef m(): return 7\n")

    assert 7 == load_function(project.root, model.body)()


def test_a_file_without_models_is_not_imported(project):
    project.write("models/helpers.py", "raise RuntimeError\n")

    assert {} == project.models()


def test_a_function_that_is_gone_is_an_error(project):
    body = project.model("models/m.py", HEAD + "@model\ndef m(): return 1\n").body
    for name in [n for n in sys.modules if n.startswith(private_name(project.root))]:
        del sys.modules[name]
    project.write("models/m.py", HEAD)

    with pytest.raises(InvalidModel, match="no model 'm' any more"):
        load_function(project.root, body)


def test_own_frames_are_those_of_the_project(project):
    body = project.model("models/m.py", HEAD + "@model\ndef m():\n    return sorted([1, ''])\n").body
    with pytest.raises(TypeError) as caught:
        load_function(project.root, body)()

    frames = own_frames(project.root, caught.value)
    assert [("models/m.py", 4, "m")] == [(f.filename, f.lineno, f.name) for f in frames]


def test_a_sidecar_of_several_functions_names_them(project):
    project.write("models/m.py", HEAD + "@model\ndef a(): return 1\n@model\ndef b(): return 1\n")
    project.write("models/m.yaml", "models:\n  a: {owner: me}\n  b: {tags: [x]}\n")
    models = project.models()

    assert ("me", ("x",), "models/m.yaml") == (models["a"].owner, models["b"].tags, models["b"].sidecar)


BASE = {
    "models/m.py": HEAD
    + "import helpers\nfrom helpers import clean as c\nLIMIT = 3\nOTHER = 4\n\n"
    + "def near(x): return x + LIMIT\n\n@model\ndef m(a):\n    '''Text.'''\n    return near(c(a))\n\n"
    + "@model\ndef other(): return OTHER\n",
    "helpers.py": "import tools\ndef clean(x): return tools.trim(x)\ndef unused(): return 1\n",
    "tools.py": "SIZE = 1\ndef trim(x): return x[:SIZE]\ndef nothing(): return 2\n",
}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("models/m.py", "LIMIT = 3", "LIMIT = 5"),
        ("models/m.py", "x + LIMIT", "x - LIMIT"),
        ("models/m.py", "near(c(a))", "c(near(a))"),
        ("models/m.py", "def m(a)", "def m(a, b)"),
        ("helpers.py", "tools.trim(x)", "tools.trim(x, 1)"),
        ("tools.py", "SIZE = 1", "SIZE = 2"),
        ("tools.py", "def nothing", "SIZE += 1\ndef nothing"),
        ("tools.py", "def nothing", "print('an effect')\ndef nothing"),
        ("models/m.py", "LIMIT = 3", "LIMIT = [3]\nLIMIT.append(4)"),
    ],
)
def test_what_a_function_reaches_changes_its_fingerprint(project, file, old, new):
    for path, text in BASE.items():
        project.write(path, text)
    before = data(project)
    assert old in BASE[file]
    project.write(file, BASE[file].replace(old, new))

    assert before != data(project)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("models/m.py", "OTHER = 4", "OTHER = 5"),
        ("models/m.py", "'''Text.'''", "'''Another text.'''"),
        ("models/m.py", "return near(c(a))", "# why\n    return near( c(a) )"),
        ("models/m.py", "@model\ndef m", "@model(owner='me')\ndef m"),
        ("models/m.py", "LIMIT = 3", "LIMIT  =  3  # three"),
        ("helpers.py", "return 1", "return 2"),
        ("tools.py", "return 2", "return 3"),
        ("tools.py", "SIZE = 1", "'''Documented.'''\nSIZE = 1"),
    ],
)
def test_what_a_function_does_not_reach_leaves_its_fingerprint_alone(project, file, old, new):
    for path, text in BASE.items():
        project.write(path, text)
    before = data(project)
    assert old in BASE[file]
    project.write(file, BASE[file].replace(old, new))

    assert before == data(project)


def test_the_name_of_the_file_is_no_part_of_the_fingerprint(project):
    project.write("models/a.py", HEAD + "@model\ndef m(): return 1\n")
    before = data(project)
    (project.root / "models/a.py").rename(project.root / "models/b.py")

    assert before == data(project)


@pytest.mark.parametrize(
    ("body", "helper"),
    [
        ("from helpers import *\n@model\ndef m(): return VALUE\n", "VALUE = {}\n"),
        ("import helpers\n@model\ndef m(): return getattr(helpers, 'VALUE')\n", "VALUE = {}\n"),
        ("@model\ndef m():\n    from helpers import VALUE\n    return VALUE\n", "VALUE = {}\n"),
        (
            "import helpers\n@model\ndef m(): return helpers.get()\n",
            "VALUE = {}\ndef get(): return globals()['VALUE']\n",
        ),
        ("import helpers\n@model\ndef m(): return helpers.C().x\n", "class C:\n    x = {}\n"),
        ("import helpers\n@model\ndef m(): return helpers.V\n", "try:\n    V = {}\nexcept Exception:\n    V = 0\n"),
    ],
)
def test_what_is_reached_in_roundabout_ways_counts(project, body, helper):
    project.write("models/m.py", HEAD + body)
    seen = []
    for value in ("1", "2"):
        project.write("helpers.py", helper.replace("{}", value))
        seen.append(data(project))

    assert seen[0] != seen[1]


def test_a_class_that_refers_to_itself_and_modules_in_a_circle_end(project):
    project.write("one.py", "import two\ndef f(n): return two.g(n)\n")
    project.write("two.py", "import one\ndef g(n): return one.f(n - 1) if n else 0\n")
    project.write("models/m.py", HEAD + "import one\n@model\ndef m(): return one.f(3)\n")

    assert "m" in project.models()


def test_the_versions_of_reached_packages_count_and_are_watched(project, tmp_path, monkeypatch):
    def install(version):
        monkeypatch.syspath_prepend(str(tmp_path / version))
        info = tmp_path / version / f"acme_tool-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme_tool\nVersion: {version}\n")
        (tmp_path / version / "acme_tool.py").write_text("def run(): return 1\n")

    project.write("models/m.py", HEAD + "import acme_tool\n@model\ndef m(): return acme_tool.run()\n")
    project.write("models/n.py", HEAD + "import acme_tool\n@model\ndef n(): return 1\n")
    install("1.0")
    before = {m.name: m.fingerprint.data for m in project.load(cache="c").models}
    (tmp_path / "1.0" / "acme_tool-1.0.dist-info" / "METADATA").unlink()
    (tmp_path / "1.0" / "acme_tool-1.0.dist-info").rmdir()
    install("2.0")
    after = {m.name: m.fingerprint.data for m in project.load(cache="c").models}

    assert before["m"] != after["m"]
    assert before["n"] == after["n"]
    sys.modules.pop("acme_tool", None)
    assert isinstance(project.root, Path)
