/** Parts of the page that are loaded when they are needed: again and again while the server is away, never a blank page. */
import { Component, lazy, type ComponentType, type ReactNode } from "react";
import { Fault } from "../design/parts";

const AGAIN = 1500; // ms

async function loaded<T>(load: () => Promise<T>, tries = 40): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (tries <= 1) throw error;
    await new Promise((go) => setTimeout(go, AGAIN));
    return loaded(load, tries - 1);
  }
}

export const lazily = <P,>(load: () => Promise<{ default: ComponentType<P> }>) => lazy(() => loaded(load));

/** What fails inside says so in its place; the rest of the page lives on. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  override render() {
    if (this.state.error === null) return this.props.children;
    return <Fault error={this.state.error} retry={() => this.setState({ error: null })} />;
  }
}
