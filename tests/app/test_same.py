"""Keys under which something has been drawn."""

import gc
import weakref

from tui.app.same import Same


def test_the_very_same_object_alone_is_the_same() -> None:
    one, other = [1], [1]
    assert Same(one) == Same(one)
    assert Same(one) != Same(other)
    assert hash(Same(one)) == hash(Same(one))
    assert (Same(one), 3) == (Same(one), 3)
    assert Same(None) == Same(None)
    assert Same(one) != one


def test_it_is_held_so_that_no_other_can_take_its_place() -> None:
    class Thing: ...

    thing = Thing()
    gone = weakref.ref(thing)
    kept = Same(thing)
    del thing
    gc.collect()
    assert gone() is not None
    del kept
    gc.collect()
    assert gone() is None
