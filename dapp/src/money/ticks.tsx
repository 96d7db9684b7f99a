/** A sentence with commands between backticks, which are set as code. */
import { Fragment, type ReactElement } from "react";

export function Ticks({ text }: { text: string }): ReactElement {
  return (
    <>
      {text.split("`").map((part, index) => (
        // Parts between two backticks have odd numbers.
        <Fragment key={index}>{index % 2 === 1 ? <code>{part}</code> : part}</Fragment>
      ))}
    </>
  );
}
