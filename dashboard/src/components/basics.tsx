import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { announce } from "./messages";

/** A titled part of a page. */
export function Section({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  const heading = useId();
  return (
    <section class="card" aria-labelledby={heading}>
      <header class="card-header">
        <h2 id={heading}>{title}</h2>
        {aside && <div class="card-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** The heading of a page with its actions. The router moves the focus here. */
export function PageHeading({ title, children, over }: { title: ComponentChildren; children?: ComponentChildren; over?: ComponentChildren }) {
  return (
    <header class="page-heading">
      <div>
        {over && <p class="over">{over}</p>}
        <h1 tabIndex={-1}>{title}</h1>
      </div>
      {children && <div class="actions">{children}</div>}
    </header>
  );
}

/** Names with their values; those without a value are left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A button that copies a text. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    announce(`${label} copied`);
    setTimeout(() => setCopied(false), 2_000);
  };
  return <button type="button" class="icon-button" aria-label={`Copy ${label}`} title={`Copy ${label}`} onClick={() => void copy()}>{copied ? "✓" : <CopyIcon />}</button>;
}

const CopyIcon = () => (
  <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 3.5V3A1.5 1.5 0 0 0 9 1.5H3A1.5 1.5 0 0 0 1.5 3v6A1.5 1.5 0 0 0 3 10.5h.5" />
  </svg>
);

/** An id with a button that copies it. */
export function Id({ value, label = "id" }: { value: string; label?: string }) {
  return <span class="id"><code>{value}</code><CopyButton text={value} label={label} /></span>;
}

/** A link to an address that a stranger may have chosen: only HTTP is followed, and nothing is sent along. */
export function ExternalLink({ href, children }: { href: string; children?: ComponentChildren }) {
  if (!/^https?:\/\//i.test(href)) return <span class="breakable">{href}</span>;
  return <a class="breakable" href={href} target="_blank" rel="noopener noreferrer">{children ?? href}</a>;
}
