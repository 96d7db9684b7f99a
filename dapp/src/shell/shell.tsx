/** The frame of every page: rail or tabs, top bar with search and wallet, the page, the tray. */
import { type ReactElement, Suspense, lazy, useEffect, useState } from "react";
import { Link, NavLink, Outlet, ScrollRestoration, useLocation, useNavigation } from "react-router";
import { Button } from "../components/basics";
import { Icon } from "../components/icons";
import { useNetwork } from "../lib/context";
import { dropped } from "../lib/storage";
import { useEventStream } from "../queries/stream";
import { ChainGuard } from "../wallet/gate";
import { DemoBar } from "./demo-bar";
import { LagChip } from "./lag";
import { PLACES, type Place } from "./nav";
import { Places } from "./places";
import { Tray } from "./tray";
import { WalletButton } from "./wallet-button";

const Palette = lazy(() => import("./palette"));
const AllPages = lazy(() => import("./all-pages"));

export function Shell(): ReactElement {
  useEventStream();
  const [palette, setPalette] = useState(false);
  const [more, setMore] = useState(false);
  const busy = useNavigation().state === "loading";
  const { pathname } = useLocation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette((open) => !open);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => setMore(false), [pathname]);
  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[13rem_minmax(0,1fr)]">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded focus:bg-surface focus:p-2">
        Skip to the page
      </a>
      <Rail />
      <div className="flex min-h-dvh min-w-0 flex-col pb-16 lg:pb-0">
        <DemoBar />
        <header className="sticky top-0 z-30 flex h-13 items-center gap-2 border-b border-line bg-surface px-4">
          <Link to="/" className="flex items-center gap-2 font-semibold text-ink no-underline lg:hidden">
            <Logo />
            <span className="sr-only sm:not-sr-only">Neurovoyance</span>
          </Link>
          <button type="button" onClick={() => setPalette(true)} className="flex h-9 items-center gap-2 rounded-md border border-line px-2 text-ink-2 hover:bg-raised sm:min-w-60">
            <Icon name="search" />
            <span className="sr-only sm:not-sr-only">Search job, address, page</span>
            <kbd aria-hidden="true" className="ml-auto hidden rounded border border-line px-1 text-[0.75rem] sm:inline">Ctrl K</kbd>
          </button>
          <div className="ml-auto flex items-center gap-2">
            <LagChip />
            <Tray />
            <WalletButton />
          </div>
        </header>
        <div className={`h-0.5 ${busy ? "bg-accent" : "bg-transparent"}`} role="presentation" />
        <main id="main" tabIndex={-1} className="mx-auto w-full max-w-6xl flex-1 p-4 outline-none sm:p-6">
          <div className="mb-4 empty:hidden">
            <ChainGuard />
          </div>
          <DroppedNotice />
          <Outlet />
        </main>
        <Footer />
      </div>
      <Tabs onMore={() => setMore(true)} />
      {more && (
        <Suspense fallback={null}>
          <AllPages onClose={() => setMore(false)} />
        </Suspense>
      )}
      {palette && (
        <Suspense fallback={null}>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
      <ScrollRestoration />
    </div>
  );
}

function Rail(): ReactElement {
  return (
    <nav aria-label="Pages" className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-surface p-3 lg:flex">
      <Link to="/" className="mb-3 flex items-center gap-2 px-2 py-1 text-[1.05rem] font-semibold whitespace-nowrap text-ink no-underline">
        <Logo /> Neurovoyance
      </Link>
      <div className="flex flex-col gap-0.5 overflow-y-auto">
        <Places />
      </div>
      <Link to="/jobs/new" className="button button-primary mt-4">
        New job
      </Link>
    </nav>
  );
}

function Tabs({ onMore }: { onMore: () => void }): ReactElement {
  return (
    <nav aria-label="Main pages" className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface lg:hidden">
      {PLACES.filter((place): place is Place => place !== "line" && place.isTab === true).map((place) => (
        <NavLink key={place.to} to={place.to} end={place.to === "/"} className={({ isActive }) => `flex flex-1 flex-col items-center gap-0.5 py-2 text-[0.8rem] no-underline ${isActive ? "font-semibold text-accent" : "text-ink-2"}`}>
          <Icon name={place.icon} size={18} />
          {place.label}
        </NavLink>
      ))}
      <button type="button" onClick={onMore} className="flex flex-1 flex-col items-center gap-0.5 py-2 text-[0.8rem] text-ink-2">
        <Icon name="more" size={18} />
        More
      </button>
    </nav>
  );
}

export function Logo(): ReactElement {
  return <img src="/favicon.svg" alt="" width={24} height={24} />;
}

/** Says once that something kept in this browser could not be read any more. */
function DroppedNotice(): ReactElement | null {
  const [names] = useState(() => [...new Set(dropped)]);
  const [closed, setClosed] = useState(false);
  if (names.length === 0 || closed) return null;
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2 rounded-lg border border-line bg-warn-soft p-3" role="status">
      <p>
        Something that this browser kept could not be read and was dropped: {names.join(", ")}. Nothing on the chain is affected.
      </p>
      <Button kind="quiet" onClick={() => setClosed(true)}>
        Dismiss
      </Button>
    </div>
  );
}

function Footer(): ReactElement {
  const { version } = useNetwork();
  return (
    <footer className="border-t border-line px-6 py-3 text-[0.86rem] text-ink-3">
      Neurovoyance {version}. No company in between: contracts hold the money. <Link to="/status">Status</Link>
    </footer>
  );
}
