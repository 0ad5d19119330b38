#include "tools/content/content_node.h"

#include "common/proto/content.pb.h"

namespace dure {
namespace {
constexpr Duration kPoll = milliseconds(50);
constexpr Duration kDeadline = seconds(10);

std::string lines(const proto::ContentReply& reply) {
  std::string text;
  for (const auto& version : reply.versions())
    text += "version " + std::to_string(version.version()) +
            (version.version() == reply.active()  ? "  active\n"
             : version.version() < reply.active() ? "  before, still taken\n"
                                                  : "  loaded, not active\n");
  return text.empty() ? "no content is loaded\n" : text;
}

}  // namespace

ContentNode::~ContentNode() {
  scope().end();
  scope().sweep();
}

void ContentNode::on_start() { spawn(converse()); }

Task<void> ContentNode::converse() {
  while (!directory_agent()) co_await wait(kPoll);
  const NodeId directory = directory_agent();
  proto::ContentLoad load;
  const bool loading = !load_.empty() && load.ParseFromString(load_);
  if (loading) {
    const Result<proto::ContentLoaded> loaded = co_await call<proto::ContentLoaded>(directory, load, kDeadline);
    if (!loaded || loaded->code() != proto::STORED) {
      text_ = "not loaded: " + (loaded ? loaded->detail() : loaded.error().detail) + "\n";
      done_ = true;
      co_return;
    }
    const std::string number = std::to_string(loaded->version());
    text_ = loaded->fresh() ? "loaded as version " + number + "; `dure gm content activate " + number + "` plays it\n"
                            : "it is version " + number + " already\n";
  }
  const proto::ContentQuery query;
  const Result<proto::ContentReply> reply = co_await call<proto::ContentReply>(directory, query, kDeadline);
  good_ = reply && reply->code() == proto::STORED;
  text_ += good_ ? lines(*reply) : "the directory does not answer\n";
  done_ = true;
}

}  // namespace dure
