/** Files for whoever watches a node with Grafana and Prometheus. */
import type { ReactElement } from "react";
import { Card } from "../../components/basics";

const FILES = [
  ["neurovoyance-node.json", "Grafana's dashboard"],
  ["neurovoyance-node.rules.yaml", "alert rules"],
  ["prometheus.yaml", "Prometheus' configuration"],
] as const;

export const Watching = (): ReactElement => (
  <Card title="Watch it with Grafana">
    <p className="mb-2 text-ink-2">
      Set <code>metrics_port = 9420</code> in <code>node.toml</code>, start Prometheus with the two YAML files in one folder, and import the JSON file in Grafana.
    </p>
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {FILES.map(([name, what]) => (
        <li key={name}>
          <a href={`/api/monitoring/${name}`} download={name}>
            {what}
          </a>
        </li>
      ))}
    </ul>
  </Card>
);
