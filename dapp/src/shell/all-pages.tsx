/** Every page in a dialog: what the tabs of a phone have no room for. */
import type { ReactElement } from "react";
import { Dialog } from "../components/dialog";
import { Places } from "./places";

export default function AllPages({ onClose }: { onClose: () => void }): ReactElement {
  return (
    <Dialog open onClose={onClose} title="All pages">
      <nav aria-label="All pages" className="grid grid-cols-2 gap-1">
        <Places />
      </nav>
    </Dialog>
  );
}
