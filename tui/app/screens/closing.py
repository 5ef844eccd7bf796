"""A dialog that is closed once, and not before it stands: over a slow line several keys come in one moment."""

from typing import TYPE_CHECKING

from textual.await_complete import AwaitComplete

if TYPE_CHECKING:
    from textual.screen import ModalScreen as Dialog
else:
    Dialog = object  # a screen's styles are those of its first base that is one


class ClosesOnce(Dialog):
    _dismissed = False

    def dismiss(self, result: object = None) -> AwaitComplete:
        """A second Enter in the same moment finds nothing more to close; one that comes before the rows waits.

        Nothing is closed while another screen is up: that one would go instead.
        """
        if not self.is_mounted:
            self.call_later(self._dismiss_mounted, result)
        elif not self._dismissed and self.app.screen is self:
            self._dismissed = True
            return super().dismiss(result)
        return AwaitComplete()

    def _dismiss_mounted(self, result: object) -> None:
        self.dismiss(result)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be done in a dialog that has no rows yet, or is gone already, but leave it."""
        if action != "leave" and (self._dismissed or not self.is_mounted):
            return False
        return super().check_action(action, parameters)
