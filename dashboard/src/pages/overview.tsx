import { PageHeading } from "../components/basics";

export default function Placeholder() {
  return <PageHeading title="Soon" />;
}
