// Acts that read something before their dialog opens: when that fails, it is said.

import { toast } from "./toast.js";

/** `run`, with its problem in a toast, so that no button does nothing. Brings null then. */
export const reported =
  (run) =>
  async (...given) => {
    try {
      return await run(...given);
    } catch (problem) {
      if (problem.name !== "Problem") {
        console.error(problem);
      }
      toast(problem.message, "failed");
      return null;
    }
  };
