/**
 * Everything a user can do by name: pages register their actions while they are shown, the palette
 * lists them, the keyboard runs them.
 */
export interface Action {
  /** Unique, for example `desk.levels`. */
  id: string;
  /** What it does, in the imperative: "Show levels". */
  title: string;
  /** Heading in the palette and on the sheet of keys; "This page" where there is none. */
  group?: string;
  /** Key as `KeyboardEvent.key` names it, with `Mod+` for Ctrl or Cmd: `1`, `Mod+k`, `[`, `End`. */
  keys?: string;
  /** Other keys that do the same, not listed. */
  alias?: string[];
  /** Words that find it too. */
  also?: string;
  /** Whether the key acts at once and again while it is held, as moving through a list must. */
  held?: boolean;
  run(): void;
}

const registered = new Map<string, Action>();

/** Adds actions; the answer takes them away. */
export function registerActions(actions: Action[]): () => void {
  actions.forEach((action) => registered.set(action.id, action));
  return () =>
    actions.forEach((action) => {
      // A page that came in between may have put its own in this place.
      if (registered.get(action.id) === action) registered.delete(action.id);
    });
}

/** Adds one action; the answer takes it away. */
export function registerAction(action: Action): () => void {
  return registerActions([action]);
}

/** Every action that can be run now. */
export function allActions(): Action[] {
  return [...registered.values()];
}

/** The action of a key, if there is one now. */
export function actionFor(keys: string): Action | undefined {
  for (const action of registered.values()) {
    if (action.keys === keys || action.alias?.includes(keys)) return action;
  }
  return undefined;
}

/** Actions under their headings, in the order in which they were registered. */
export function underHeadings(actions: Action[]): { name: string; items: Action[] }[] {
  const groups = new Map<string, Action[]>();
  for (const action of actions) {
    const name = action.group ?? "This page";
    groups.set(name, [...(groups.get(name) ?? []), action]);
  }
  return [...groups].map(([name, items]) => ({ name, items }));
}
