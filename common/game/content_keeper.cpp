#include "common/game/content_keeper.h"

#include "common/base/hash.h"
#include "common/logic/node.h"
#include "common/proto/content.pb.h"

namespace dure {
namespace {
constexpr Duration kDeadline = seconds(5);
}

std::uint64_t content_hash(const std::vector<ContentFile>& files) {
  std::uint64_t hash = fnv1a("content");
  for (const ContentFile& file : files) {
    hash = fnv1a(std::to_string(file.text.size()) + ":", hash);
    hash = fnv1a(file.text, hash);
  }
  return hash;
}

bool ContentKeeper::known(std::uint32_t version) const {
  const auto told = told_.find(version);
  const auto read = read_.find(version);
  return told != told_.end() && read != read_.end() && read->second == told->second;
}

void ContentKeeper::hear(const proto::ContentNotice& notice) {
  active_ = notice.active();
  told_.clear();
  for (const auto& version : notice.versions()) {
    told_[version.version()] = version.hash();
    const bool first = reader_ != nullptr && version.hash() == reader_->first_hash();
    if (first) reader_->number_first(version.version());
    // Without a reader there is nothing to be read.
    if (first || reader_ == nullptr) read_[version.version()] = version.hash();
  }
  play();
  tick();
}

void ContentKeeper::play() {
  if (active_ == 0 || !known(active_)) return;
  const bool other = version_ != active_;
  if (reader_ != nullptr) reader_->play(active_);
  version_ = active_;
  // As the reader: more than one step back is read anew.
  std::erase_if(read_, [this](const auto& one) { return one.first + 1 < active_; });
  if (!other) return;
  node_.log().event(LogLevel::kInfo, "content.played", {{"version", version_}});
  changed_();
}

void ContentKeeper::tick() {
  if (active_ == 0 || reader_ == nullptr || fetching_) return;
  for (const std::uint32_t version : {active_, active_ + 1}) {
    const auto told = told_.find(version);
    if (told == told_.end() || known(version)) continue;
    if (const auto at = refused_.find(version); at != refused_.end() && at->second == told->second) continue;
    fetching_ = true;
    node_.spawn(fetch());
    return;
  }
}

Task<void> ContentKeeper::fetch() {
  proto::ContentQuery query;
  query.set_files(true);
  const NodeId directory = node_.directory_agent();
  const Result<proto::ContentReply> reply = co_await node_.call<proto::ContentReply>(directory, query, kDeadline);
  fetching_ = false;
  if (!reply || reply->code() != proto::STORED) co_return;
  for (const auto& version : reply->versions()) {
    const auto told = told_.find(version.version());
    if (version.version() < active_ || told == told_.end() || told->second != version.hash()) continue;
    if (known(version.version())) continue;
    std::vector<ContentFile> files;
    for (const auto& file : version.files()) files.push_back({file.name(), file.text()});
    if (const auto read = reader_->read(version.version(), files); read) {
      read_[version.version()] = version.hash();
    } else {
      refused_[version.version()] = version.hash();
      node_.log().event(LogLevel::kError, "content.unreadable",
                        {{"version", version.version()}, {"why", read.error().detail}});
    }
  }
  play();
}

}  // namespace dure
