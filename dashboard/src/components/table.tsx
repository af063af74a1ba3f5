import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { List } from "../list";
import { Empty, Loaded } from "./states";

export interface Column<T> {
  name: string;
  cell: (item: T) => ComponentChildren;
  /** What to sort by; a column without it is not sorted. */
  sort?: (item: T) => string | number;
  numeric?: boolean;
  /** A secondary column, which narrow screens leave out. */
  wideOnly?: boolean;
  /** The one that names the row for screen readers. */
  isHeader?: boolean;
}

interface TableProps<T> {
  caption: string;
  columns: readonly Column<T>[];
  items: readonly T[];
  id: (item: T) => string;
}

/** A table that sorts what it shows by the columns that can be sorted. */
export function Table<T>({ caption, columns, items, id }: TableProps<T>) {
  const [sorting, setSorting] = useState<{ name: string; down: boolean } | null>(null);
  const by = columns.find((column) => column.name === sorting?.name)?.sort;
  const rows = by ? [...items].sort((a, b) => compare(by(a), by(b)) * (sorting?.down ? -1 : 1)) : items;
  return (
    <div class="table-frame" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeaderCell key={column.name} column={column} direction={sorting?.name === column.name ? (sorting.down ? "descending" : "ascending") : undefined}
                onSort={() => setSorting((old) => nextSorting(old, column.name))} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((item) => (
            <tr key={id(item)} data-id={id(item)}>
              {columns.map((column) => {
                const kind = classOf(column);
                return column.isHeader ? <th key={column.name} scope="row" class={kind}>{column.cell(item)}</th> : <td key={column.name} class={kind}>{column.cell(item)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeaderCellProps {
  column: Pick<Column<never>, "name" | "numeric" | "wideOnly"> & { sort?: unknown };
  direction: "ascending" | "descending" | undefined;
  onSort: () => void;
}

function HeaderCell({ column, direction, onSort }: HeaderCellProps) {
  return (
    <th scope="col" class={classOf(column)} aria-sort={direction}>
      {column.sort ? (
        <button type="button" class="sort" onClick={onSort}>
          {column.name}
          <span aria-hidden="true" class="sort-mark">{direction === "ascending" ? "↑" : direction === "descending" ? "↓" : ""}</span>
        </button>
      ) : column.name}
    </th>
  );
}

const classOf = (column: { numeric?: boolean; wideOnly?: boolean }): string => [column.numeric && "num", column.wideOnly && "wide-only"].filter(Boolean).join(" ");

const nextSorting = (old: { name: string; down: boolean } | null, name: string) => {
  if (old?.name !== name) return { name, down: false };
  return old.down ? null : { name, down: true };
};

const compare = (a: string | number, b: string | number): number => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));

interface ListTableProps<T> extends Omit<TableProps<T>, "items"> {
  list: List<T>;
  empty: { title: string; hint: ComponentChildren };
}

/** A table of a list that is loaded page by page. */
export function ListTable<T>({ list, empty, ...table }: ListTableProps<T>) {
  return (
    <>
      <Loaded resource={{ ...list, data: list.items }} rows={8}>
        {(items) => items.length || list.more ? <Table {...table} items={items} /> : <Empty title={empty.title}>{empty.hint}</Empty>}
      </Loaded>
      <More list={list} />
    </>
  );
}

/** The button that loads the next page of a list, and how much is shown. */
export function More<T>({ list }: { list: List<T> }) {
  if (!list.items?.length && !list.more) return null;
  return (
    <p class="more">
      <span class="muted">{list.items?.length ?? 0} shown</span>
      {list.more && <button type="button" disabled={list.loadingMore} onClick={list.more}>{list.loadingMore ? "Loading …" : "Show more"}</button>}
    </p>
  );
}
