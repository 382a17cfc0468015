"""Lines with a button that copies them."""

from kommunanalys.widgets.copying import Copying


def test_the_lines_and_the_texts_go_to_the_page():
    shown = Copying(text="a = 1", label="Code", button="Copy", done="Copied", failed="Not copied")
    state = shown.get_state()
    assert {name: state[name] for name in ("text", "label", "button", "done", "failed")} == {
        "text": "a = 1",
        "label": "Code",
        "button": "Copy",
        "done": "Copied",
        "failed": "Not copied",
    }


def test_a_browser_without_a_clipboard_of_its_own_copies_too():
    script = str(Copying._esm)
    assert "isSecureContext" in script
    assert 'execCommand("copy")' in script
