import html
import re
import time
from dataclasses import replace

import pytest

from asd_core.digest import name_hash
from asd_core.pages.night import Judgement, write_report
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.outline import EVIL, Outline


@pytest.fixture
def write(tmp_path, make):
    def write_(night, read_audio=None, folder="reports/n", **options):
        path = write_report(night, LocalFiles(tmp_path), folder, read_audio, **options)
        return Outline((tmp_path / path).read_text("utf-8"))

    return write_


def test_the_report_lies_in_its_folder_with_its_media_beside_it(make, tmp_path):
    night = make.night([make.scored("a", 2.0)], [make.record()])
    path = write_report(night, LocalFiles(tmp_path), "reports/date=2026-11-19", make.read_audio)
    assert path == "reports/date=2026-11-19/index.html"
    names = sorted(file.name for file in (tmp_path / "reports/date=2026-11-19/media").iterdir())
    clip, normal = name_hash("file:///plant/a.flac"), name_hash("file:///plant/normal_0.flac")
    assert names == sorted([f"{clip}.flac", f"{clip}.png", f"{clip}-normal.png", f"{normal}.flac"])


def test_the_same_night_gives_the_same_bytes(make, tmp_path):
    night = make.night([make.scored("a", 2.0), make.scored("b", 2.0)], [make.record()])
    for folder in ("one", "two"):
        write_report(night, LocalFiles(tmp_path), folder, make.read_audio)
    one, two = (
        {file.name: file.read_bytes() for file in (tmp_path / folder).rglob("*") if file.is_file()}
        for folder in ("one", "two")
    )
    assert one == two


def test_a_flagged_clip_shows_its_figures_its_neighbours_and_the_difference_in_words(write, make):
    page = write(make.night([make.scored("a", 2.0)], [make.record()]), make.read_audio)
    for words in ("2.000", "+2.00", "0.0083", "0.5000 normal_0.flac", "0.7500 normal_1.flac", "a new tone at 1.24 kHz"):
        assert words in page.text
    assert len(page.named("audio")) == len(page.named("img")) == 2


def test_players_load_nothing_before_they_are_asked_and_pictures_only_when_near(write, make):
    page = write(make.night([make.scored("a", 2.0)], [make.record()]), make.read_audio)
    assert {audio["preload"] for audio in page.named("audio")} == {"none"}
    assert {(image["loading"], image["width"], image["height"]) for image in page.named("img")} == {
        ("lazy", "720", "372")
    }


def test_names_of_users_are_text_everywhere(write, make):
    name = "%3Cimg%20src=x%20onerror=alert(2)%3E%FF"
    rows = [make.scored(name, 2.0, EVIL, warning="<b>w"), make.failed(name, "<i>r", EVIL, "<u>e")]
    machine = make.record(EVIL, notes=("<em>n",), scorer_version="<s>")
    page = write(make.night(rows, [machine], rows[:1], recipe="<q>", run={"<a>": {"<p>": "<li>"}}), make.read_audio)
    assert len(page.named("script")) == 1
    assert not {"em", "s", "q", "u"} & {tag for tag, _ in page.elements}
    assert not [attributes for _, attributes in page.elements if any(key.startswith("on") for key in attributes)]
    assert '<script>alert(1)</script> id"\\n%00' in page.text
    assert all(re.fullmatch(r"[a-z0-9-]+", attributes["id"]) for _, attributes in page.elements if "id" in attributes)


def test_the_page_asks_for_nothing_outside_itself_and_its_media(write, make):
    page = write(make.night([make.scored("a", 2.0)], [make.record()]), make.read_audio)
    addresses = [a[key] for _, a in page.elements for key in ("src", "href") if key in a]
    assert all(re.match(r"#|media/[0-9a-f]{16}(-normal)?\.(png|flac)$|data:,$", address) for address in addresses)
    policy = next(meta["content"] for meta in page.named("meta") if meta.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_night_without_audio_says_so_for_every_clip_and_has_no_player(write, make):
    page = write(make.night([make.scored("a", 2.0), make.scored("b", 2.0)], [make.record()]), None)
    assert page.text.count("There is no recording to play") == 2
    assert not page.named("audio") + page.named("img")


def test_a_clip_that_cannot_be_read_has_no_player_but_its_reason(write, make):
    def read(uri):
        raise FileNotFoundError(2, "No such file", "/plant/a.flac")

    page = write(make.night([make.scored("a", 2.0)], [make.record()]), read)
    assert "The recording cannot be played: [Errno 2] No such file" in page.text
    assert not page.named("audio")


def test_media_go_to_every_machines_worst_clip_first_and_the_rest_is_in_the_table(write, make):
    fan = [make.scored(f"fan{i}", 5.0 + i) for i in range(3)]
    rows = [*fan, make.scored("pump0", 1.1, ("pump", "id_01"))]
    page = write(make.night(rows, [make.record(), make.record(("pump", "id_01"))]), make.read_audio, media_limit=2)
    assert "Media for the 2 worst clips" in page.text
    assert "2 other flagged clips are in their machine's table" in page.text
    assert [a["id"] for a in page.named("article")] == [
        f"clip-{name_hash(f'file:///plant/{name}.flac')}" for name in ("fan2", "pump0")
    ]
    assert "2 further flagged clips, without media" in page.text


def test_the_media_are_made_by_the_given_map(write, make):
    mapped = []

    def backwards(function, requests):
        mapped.extend(requests)
        return list(reversed([function(request) for request in reversed(requests)]))

    page = write(make.night([make.scored("a", 2.0)], [make.record()]), make.read_audio, map_function=backwards)
    nearest = ("file:///plant/normal_0.flac", "file:///plant/normal_1.flac")
    assert mapped == [[("file:///plant/a.flac", nearest, False)]]
    assert len(page.named("audio")) == 2


def test_silent_machines_are_named_with_the_night_they_were_last_heard(write, make):
    pump = ("pump", "id_01")
    earlier = [make.scored("p", 0.1, pump, date="2026-11-17")]
    page = write(make.night([make.scored("a", 0.1)], [make.record(), make.record(pump)], earlier))
    assert "1 machine was silent" in page.text
    assert "pump id_01 last heard 2026-11-17" in page.text


def test_errors_are_counted_by_reason(write, make):
    rows = [make.failed(f"{i}", "empty") for i in range(3)] + [make.failed("n", "not_audio")]
    page = write(make.night(rows, [make.record()]))
    assert "3 empty, 1 not_audio" in page.text
    assert "empty 3 clips, 1 machine" in page.text


def test_an_empty_night_and_one_of_errors_only_say_so(write, make):
    assert "No recording was listed for this night" in write(make.night([])).text
    assert "None of 1 recording could be scored" in write(make.night([make.failed("a", "empty")])).text


def test_random_weights_are_told_at_the_top_and_at_the_bottom(write, make):
    machine = make.record(embeddings_note="the encoder has random weights")
    page = write(make.night([make.scored("a", 0.1)], [machine]))
    assert page.text.count("Not to be trusted") == 2


def test_a_run_record_that_counted_otherwise_is_told(write, make):
    run = {"run_id": "3f2a", "counts": {"listed": 2, "scored": 1, "errors": 0}}
    page = write(make.night([make.scored("a", 0.1)], run=run))
    assert "The run counted 2 listed, the scores hold 1." in page.text
    assert "counted 1 scored" not in page.text


def test_headings_are_in_order_and_ids_are_unique(write, make):
    rows = [make.scored("a", 2.0), make.failed("b", "empty"), make.scored("c", 0.1, EVIL, warning="short")]
    page = write(make.night(rows, [make.record(), make.record(EVIL), make.record(("pump", ""))], rows[:1]))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in page.named("a")] + " ".join(
        a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a
    ).split()
    assert set(targets) <= set(ids)


def test_three_thousand_flagged_clips_make_a_page_of_less_than_10_MB_in_seconds(tmp_path, make):
    machines = [("fan", f"id_{i:02d}") for i in range(30)]
    rows = [make.scored(f"{m[1]}_{i}", 2.0 + i / 100, m) for m in machines for i in range(100)]
    night = make.night(rows, [make.record(m) for m in machines], [row | {"date": "2026-11-18"} for row in rows])
    start = time.process_time()
    path = write_report(night, LocalFiles(tmp_path), "r", None)
    assert time.process_time() - start < 10
    source = (tmp_path / path).read_text("utf-8")
    assert len(source.encode()) < 10e6
    assert all(html.escape(f"{m[1]}_{i}.flac") in source for m in machines for i in range(100))


def test_a_fleet_of_more_machines_than_can_have_sections_lists_them_all_and_says_so(write, make):
    machines = [("fan", f"id_{i:03d}") for i in range(305)]
    rows = [make.scored(f"{m[1]}_{i}", 2.0 + i, m) for m in machines for i in range(2)]
    page = write(make.night(rows, [make.record(m) for m in machines]), media_limit=1000)
    assert [len(page.named(tag)) for tag in ("tr", "article")] == [1 + 305 + 300 * 2, 600]
    assert "first 300 machines in the order above; the others, with 10 flagged clips" in page.text


def test_the_segment_that_is_heard_is_told_with_its_start_and_number(make, write):
    starts = {"segment_start": 50.0, "segments": 360, "seconds": 3600.0, "nearest_starts": [0.0, 20.0]}
    page = write(make.night([make.scored("a", 2.0, **starts)], [make.record()]), make.read_audio)
    assert "from 0:50 of 1:00:00: the part with the highest score of 360 parts" in page.text
    assert "from 0:50" in page.text and "from 0:00" in page.text


def test_sound_that_was_not_heard_is_told_at_the_top(make, write):
    run = {"run_id": "3f2a", "notes": ["3 of 4 clips are longer than <b> & more"]}
    page = write(make.night([make.scored("a", 2.0)], [make.record()], run=run), make.read_audio)
    assert "What was heard. 3 of 4 clips are longer than <b> & more." in page.text


def test_the_sentence_on_top_counts_alarms_where_they_are_known(write, make):
    night = make.night([make.scored("a", 2.0)], [make.record()])
    said = ("No alarm: nothing is to be done (3 machines judged).", "The fleet <b>lies higher.")
    page = write(replace(night, alarms=said))
    assert f"{said[0]} {said[1]}" in page.text
    assert "flagged clips out of" in write(night).text and "flagged clips out of" not in page.text


@pytest.mark.parametrize(
    ("tier", "words"),
    [("act", "in alarm"), ("watch", "watched"), ("within_chance", "within chance"), ("not_decided", "not decided")],
)
def test_a_machine_has_its_tier_in_place_of_its_flags_and_a_sentence_that_is_text(write, make, tier, words):
    night = make.night([make.scored("a", 2.0)], [make.record()])
    page = write(replace(night, judgements={("fan", "id_00"): Judgement(tier, 0, "1 night in <b>50")}))
    states = re.findall(r"[▲◆●○] [a-z ]+", page.text)
    assert {state[2:].strip() for state in states} == {words} and "1 night in <b>50" in page.text
    assert "Machines in alarm come first" in page.text and "Machines in alarm come first" not in write(night).text


def classes_of(page):
    return {one for _, attributes in page.elements for one in attributes.get("class", "").split()}


@pytest.mark.parametrize("tier", ["watch", "within_chance", "not_decided"])
def test_nothing_is_red_without_an_alarm_however_much_is_flagged(write, make, tier):
    night = make.night([make.scored(f"{at}", 9.0 + at) for at in range(5)], [make.record()])
    judged = replace(night, judgements={("fan", "id_00"): Judgement(tier, 0, "")})
    assert not {"alarm", "bad"} & classes_of(write(judged)) and not {"alarm", "bad"} & classes_of(write(night))
    act = replace(night, judgements={("fan", "id_00"): Judgement("act", 0, "", "new", 1)})
    assert {"alarm", "bad"} <= classes_of(write(act))


def test_four_clips_alike_are_behind_one_and_the_odd_one_stands_alone(write, make):
    rows = [make.scored(f"{at}", score) for at, score in enumerate((50, 50.2, 50.4, 50.6, 5))]
    page = write(make.night(rows, [make.record()]), make.read_audio)
    assert page.text.count("4 of 5 alike") == 1 and "3 clips like this one" in page.text
    assert len(page.named("article")) == 5 and len(page.named("audio")) == 10


def test_notes_for_ml_engineers_are_in_a_fold_and_random_weights_in_sight(write, make):
    machine = make.record(notes=("1 component in place of 2",), embeddings_note="Random weights.")
    source = write(make.night([make.scored("a", 2.0)], [machine])).text
    assert source.index("Random weights.") < source.index("For ML engineers") < source.index("1 component in place")


def test_clips_of_a_machine_within_chance_are_in_a_fold_with_what_chance_gives(write, make):
    rows = [make.scored("a", 2.0), *(make.scored(f"{at}", 0.1) for at in range(9))]
    night = make.night(rows, [make.record()], judgements={("fan", "id_00"): Judgement("within_chance", 0, "")})
    page = write(night, make.read_audio)
    assert "1 flagged clip, 0.5 by chance" in page.text and "Now and then a well machine has such a clip" in page.text
    assert "clips" in classes_of(page) and len(page.named("article")) == 1


def test_a_page_without_alarms_says_why_and_one_with_them_bears_their_mark(write, make):
    night = make.night([make.scored("a", 2.0)], [make.record()])
    assert (
        "They could not be found: the <b>disk is full."
        in write(replace(night, alarms_problem="the <b>disk is full")).text
    )
    marks = [meta.get("content") for meta in write(replace(night, alarms_mark="0a1b")).named("meta")]
    assert "0a1b" in marks


def test_what_people_called_a_night_and_a_clip_stands_beside_them_as_text(write, make):
    row = make.scored("a", 2.0)
    night = make.night([row], [make.record()], clip_labels={row["uri"]: 'Labelled a fault by <Ann> ("hums")'})
    judged = Judgement("watch", 0, "Acknowledged as a fault.", "continuing", 4, label="fault", is_acknowledged=True)
    page = write(replace(night, judgements={("fan", "id_00"): judged}), make.read_audio)
    assert "◇ acknowledged, fourth night" in page.text and 'Labelled a fault by <Ann> ("hums").' in page.text
    assert "alarm" not in classes_of(page)
