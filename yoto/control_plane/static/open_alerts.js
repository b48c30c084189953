// The alerts that are open, as the topic "alerts" tells: all of them at first, then what becomes of each.

/**
 * Returns `{take(data, kind), items()}`. `take` is the handler of the topic; `items` are the alerts by
 * id, or null while they are not known: to what is not, news cannot be added. `more()` says whether
 * there are more than were told.
 */
export function openAlerts() {
  const open = new Map();
  let listed = false;
  let more = false;

  function learn({ type, at, data }) {
    const known = open.get(data.alert_id);
    if (type === "alert.raised") {
      open.set(data.alert_id, { ...data, id: data.alert_id, raised_at: at });
    } else if (type === "alert.changed" && known) {
      open.set(data.alert_id, { ...known, ...data });
    } else if (type === "alert.acknowledged" && known) {
      open.set(data.alert_id, { ...known, acknowledged_by: data.by });
    } else if (type === "alert.resolved") {
      open.delete(data.alert_id);
    }
  }

  return {
    take(data, kind) {
      if (kind === "failed") {
        listed = false;
      } else if (kind !== "delta") {
        listed = true;
        more = data.next !== null && data.next !== undefined;
        open.clear();
        data.items.forEach((alert) => open.set(alert.id, alert));
      } else if (listed) {
        learn(data);
      }
    },
    items: () => (listed ? [...open.values()] : null),
    more: () => more,
  };
}
