import type { QueryClient, QueryFilters } from "@tanstack/react-query";

/**
 * Reads again what has become stale, so that the last reading began after the last change.
 *
 * A reading that is under way may be older than the change. It is neither broken off, since changes
 * that come faster than answers would then keep the screen as it is, nor taken for the new one: once
 * it has ended, another one follows.
 */
export class Freshness {
  /** Of what is being read: whether it has changed meanwhile. */
  private readonly readings = new Map<string, { hasChanged: boolean }>();

  constructor(private readonly queries: QueryClient) {}

  /** The queries of a name are stale; without one, all are. */
  async changed(name?: string): Promise<void> {
    const filters: QueryFilters = name === undefined ? {} : { queryKey: [name] };
    const under = this.readings.get(name ?? "");
    if (under) {
      under.hasChanged = true;
      return;
    }
    const reading = { hasChanged: false };
    this.readings.set(name ?? "", reading);
    do {
      reading.hasChanged = this.queries.isFetching(filters) > 0;
      await this.queries.invalidateQueries(filters, { cancelRefetch: false });
    } while (reading.hasChanged);
    this.readings.delete(name ?? "");
  }
}
