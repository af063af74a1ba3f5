import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Failure } from "./states";

interface DialogProps {
  title: string;
  /** The label of the button that acts. */
  action: string;
  danger?: boolean;
  disabled?: boolean;
  /** Do it; the dialog closes when this succeeds and shows what went wrong otherwise. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
  children?: ComponentChildren;
}

/** A modal dialog that asks before something is done. Escape closes it; the focus returns to where it was. */
export function ConfirmDialog({ title, action, danger = false, disabled = false, onConfirm, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const heading = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const confirm = async () => {
    setState({ busy: true });
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose}>
      <form method="dialog" onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}>
        <h2 id={heading}>{title}</h2>
        {children}
        {state.error !== undefined && <Failure error={state.error} />}
        <div class="dialog-actions">
          <button type="button" onClick={onClose}>Back</button>
          <button type="submit" class={danger ? "danger" : "primary"} disabled={disabled || state.busy}>{state.busy ? "One moment …" : action}</button>
        </div>
      </form>
    </dialog>
  );
}
