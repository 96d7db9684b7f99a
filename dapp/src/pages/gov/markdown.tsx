/** A stranger's text as Markdown: sanitised, without images, scripts, forms or styles; links lead out and run nothing. */
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { NOT_ANOTHERS } from "../../queries/client";

const MAX_CHARS = 40_000;
const TAGS = ["h3", "h4", "h5", "h6", "p", "a", "ul", "ol", "li", "strong", "em", "del", "code", "pre", "blockquote", "hr", "br", "table", "thead", "tbody", "tr", "th", "td"];
/** Control and direction characters can make a text read otherwise than it is; line ends stay. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

async function htmlOf(text: string): Promise<string> {
  const [{ Marked }, { default: purify }] = await Promise.all([import("marked"), import("dompurify")]);
  const marked = new Marked({
    gfm: true,
    // The page has its own headings; a text's own begin below them.
    walkTokens: (token) => {
      if (token.type === "heading") token.depth = Math.min(6, (token.depth as number) + 2);
    },
  });
  const dirty = marked.parse(text.slice(0, MAX_CHARS).replace(UNSEEN, "\ufffd"), { async: false });
  const body = purify.sanitize(dirty, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ["href"], ALLOWED_URI_REGEXP: /^https?:\/\//i, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, RETURN_DOM_FRAGMENT: true });
  for (const link of body.querySelectorAll("a")) {
    if (!link.hasAttribute("href")) {
      link.replaceWith(...link.childNodes); // it led to what is not a page: only its words stay
      continue;
    }
    link.setAttribute("rel", "noopener noreferrer nofollow");
    link.setAttribute("target", "_blank");
    link.setAttribute("title", link.href);
  }
  const holder = document.createElement("div");
  holder.append(body);
  return holder.innerHTML;
}

const LOOK =
  "[&_h3]:mt-4 [&_h3]:text-[1.07rem] [&_h4]:mt-3 [&_h5]:mt-3 [&_h4]:font-semibold [&_h5]:font-semibold [&_h6]:font-semibold [&_p]:my-2 [&_ul]:my-2 [&_ul]:list-disc [&_ul]:pl-5 [&_ol]:my-2 [&_ol]:list-decimal [&_ol]:pl-5 [&_code]:rounded [&_code]:bg-raised [&_code]:px-1 [&_pre]:my-2 [&_pre]:overflow-x-auto [&_pre]:rounded [&_pre]:bg-raised [&_pre]:p-2 [&_blockquote]:border-l-4 [&_blockquote]:border-line [&_blockquote]:pl-3 [&_blockquote]:text-ink-2 [&_table]:my-2 [&_table]:block [&_table]:overflow-x-auto [&_th]:border [&_th]:border-line [&_th]:px-2 [&_th]:py-1 [&_th]:text-left [&_td]:border [&_td]:border-line [&_td]:px-2 [&_td]:py-1 [&>:first-child]:mt-0";

export function Markdown({ text }: { text: string }): ReactElement {
  const html = useQuery({ queryKey: ["page", "markdown", text], queryFn: () => htmlOf(text), staleTime: Infinity, refetchInterval: false, ...NOT_ANOTHERS });
  if (html.error) return <pre className="whitespace-pre-wrap">{text.slice(0, MAX_CHARS).replace(UNSEEN, "\ufffd")}</pre>;
  if (html.data === undefined) return <div className="skeleton h-24" />;
  return <div className={`max-w-prose min-w-0 ${LOOK}`} dangerouslySetInnerHTML={{ __html: html.data }} />;
}
