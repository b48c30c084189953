// Changes of rights, tried before they are made: where an optional feature offers that, whose module runs
// before those of pages.

let offered = null;

/**
 * Offer it: `{title, button(shown, attempt), actions(run, when), ofRole(role), roleButton(role), ofCell(place, role,
 * permission, grants, wanted), ofGroup(group), ofOverwrite(place, one, permission), report(act)}`.
 */
export const offerTrial = (functions) => {
  offered = functions;
};

/** The offer; undefined: none. */
export const trial = () => offered ?? undefined;

/** The content of a cell of a matrix, as a button by which `attempt` opens the dialog. */
export const tried = (shown, attempt) => offered?.button(shown, attempt) ?? shown;
