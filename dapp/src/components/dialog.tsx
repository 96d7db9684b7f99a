/** A dialog: focus stays inside, Escape closes, the page behind does not scroll. */
import { Dialog as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { Icon } from "./icons";

export function Dialog({ open, onClose, title, description, children, wide = false }: { open: boolean; onClose: () => void; title: ReactNode; description?: ReactNode; children: ReactNode; wide?: boolean }): ReactElement {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          className={`card fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col ${wide ? "max-w-2xl" : "max-w-md"}`}
        >
          <div className="flex items-start justify-between gap-4 border-b border-line px-4 py-3">
            <div className="min-w-0">
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {description !== undefined && <Radix.Description className="text-ink-2">{description}</Radix.Description>}
            </div>
            <Radix.Close className="inline-flex size-8 flex-none items-center justify-center rounded hover:bg-raised" aria-label="Close">
              <Icon name="cross" />
            </Radix.Close>
          </div>
          <div className="overflow-y-auto p-4">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
