#include "tools/launcher/status.h"

#include <ostream>

#include "common/proto/config.pb.h"
#include "tools/launcher/node_table.h"

namespace dure {

int print_status(const Config& config, bool json, std::ostream& out, std::ostream& errors) {
  const proto::RedisSettings& redis = config.base().redis();
  if (redis.address().empty()) {
    errors << config.path() << ": redis.address is empty: without a Redis nobody knows the status\n";
    return kExitConfig;
  }
  MonitorTable monitor(redis.address(), redis.prefix(), milliseconds(redis.timeout_ms()));
  const bool answers = monitor.ping();
  std::vector<std::string> nodes;
  for (const NodeEntry& entry : config.nodes()) nodes.push_back(to_text(entry.node));
  const std::vector<MonitorValue> values = monitor.read(nodes);
  std::vector<NodeRow> rows;
  for (std::size_t i = 0; i < values.size(); ++i)
    rows.push_back({config.nodes()[i].name, to_text(config.nodes()[i].node.role()), values[i].state,
                    values[i].pid.value_or(0), values[i]});
  out << (json ? format_json(rows) + "\n" : format_table(rows));
  if (!answers) errors << "Redis at " << redis.address() << " does not answer\n";
  return answers ? 0 : 1;
}

}  // namespace dure
