import { useState } from "preact/hooks";
import { notify, notifyError } from "./messages";

export interface Action {
  /** Whether one is under way: its button is disabled, so that two clicks do not do it twice. */
  busy: boolean;
  /** Do it, and show that it is done or what went wrong. */
  act: (done: string, action: () => Promise<unknown>) => void;
}

/** Return what runs the actions of some buttons, one at a time; each ends with `onChange`. */
export function useAction(onChange: () => void): Action {
  const [busy, setBusy] = useState(false);
  const run = async (done: string, action: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await action();
      notify(done);
    } catch (error) {
      notifyError(error);
    }
    setBusy(false);
    onChange();
  };
  return { busy, act: (done, action) => void run(done, action) };
}
