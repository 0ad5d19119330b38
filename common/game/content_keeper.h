// Which version of its content a node plays. The directory's agent says which one is active; what it says of the next
// is read before it is played, so that the switch itself is an assignment. A run goes on with what it began with
// (LiveContent::kept) and marks its operations so; agents take the active version's neighbours.
//
//   told of a version ──► known already? ──► fetched from the directory's agent ──► read ──► played once it is active
//                                                └── cannot be read: an error line; the old one is played on
//
// Logic thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/game/content_table.h"
#include "common/logic/task.h"

namespace dure {

class Node;
namespace proto {
class ContentNotice;
}

// The game's part: what its files mean. One a node.
class ContentReader {
 public:
  virtual ~ContentReader() = default;
  // Of the files it began with.
  virtual std::uint64_t first_hash() const = 0;
  // The number of those, now that it is known.
  virtual void number_first(std::uint32_t version) = 0;
  [[nodiscard]] virtual Result<> read(std::uint32_t version, const std::vector<ContentFile>& files) = 0;
  // From now on. It was read. What is older than the one before it is forgotten.
  virtual void play(std::uint32_t version) = 0;
  // The most of a balance that a character may have, as played now.
  virtual std::int64_t cap(const std::string& balance) const = 0;
};

// `now()` stays at one address: who refers into it sees the new version after the switch. A pointer to an element of it
// does not outlive the handler.
template <class T>
class LiveContent : public ContentReader {
 public:
  using Parse = std::function<Result<T>(const std::vector<ContentFile>&)>;
  using Cap = std::function<std::int64_t(const T&, const std::string&)>;
  LiveContent(T first, std::uint64_t hash, Parse parse, Cap cap)
      : now_(std::move(first)),
        first_(std::make_shared<const T>(now_)),
        kept_(first_),
        hash_(hash),
        parse_(std::move(parse)),
        cap_(std::move(cap)) {}

  const T& now() const { return now_; }
  std::shared_ptr<const T> kept() const { return kept_; }

  std::uint64_t first_hash() const override { return hash_; }
  void number_first(std::uint32_t version) override { read_[version] = first_; }
  Result<> read(std::uint32_t version, const std::vector<ContentFile>& files) override {
    auto parsed = parse_(files);
    if (!parsed) return tl::unexpected<Error>(parsed.error());
    read_[version] = std::make_shared<const T>(std::move(*parsed));
    return {};
  }
  void play(std::uint32_t version) override {
    kept_ = read_.at(version);
    now_ = *kept_;
    std::erase_if(read_, [version](const auto& one) { return one.first + 1 < version; });
  }
  std::int64_t cap(const std::string& balance) const override { return cap_(now_, balance); }

 private:
  T now_;
  std::shared_ptr<const T> first_, kept_;
  std::uint64_t hash_;
  Parse parse_;
  Cap cap_;
  std::map<std::uint32_t, std::shared_ptr<const T>> read_;
};

// What tells two sets of files apart, whatever they are called on the way.
std::uint64_t content_hash(const std::vector<ContentFile>& files);

class ContentKeeper {
 public:
  // `changed`: another version is played from now on. `version`: until somebody says.
  ContentKeeper(Node& node, std::uint32_t version, std::function<void()> changed)
      : node_(node), version_(version), changed_(std::move(changed)) {}

  void use(std::shared_ptr<ContentReader> reader) { reader_ = std::move(reader); }
  const ContentReader* reader() const { return reader_.get(); }
  // What operations carry.
  std::uint32_t version() const { return version_; }
  // Whether agents still take operations of it: of a run that began with it.
  bool taken(std::uint32_t version) const { return version + 1 >= version_; }

  void hear(const proto::ContentNotice& notice);
  // What could not be fetched is asked for again.
  void tick();

 private:
  Task<void> fetch();
  bool known(std::uint32_t version) const;
  void play();

  Node& node_;
  std::uint32_t version_;
  std::function<void()> changed_;
  std::shared_ptr<ContentReader> reader_;
  std::uint32_t active_ = 0;                        // as told
  std::map<std::uint32_t, std::uint64_t> told_;     // version → hash
  std::map<std::uint32_t, std::uint64_t> read_;     // likewise; what the reader knows
  std::map<std::uint32_t, std::uint64_t> refused_;  // likewise; what it could not read
  bool fetching_ = false;
};

}  // namespace dure
