#include "dbagent/store/shard_store.h"

#include "common/proto/dbagent.pb.h"
#include "dbagent/store/batch.h"
#include "dbagent/store/shard.h"

namespace dure::store {

struct ShardStore::Parts {
  std::unique_ptr<StoreFile> file;
  Shard shard;
  Batch batch;

  Parts(std::unique_ptr<StoreFile> opened, const ShardOptions& options)
      : file(std::move(opened)), shard{*file, file->database(), options.shard, options.characters_max}, batch(*file) {
    on(&acquire);
    on(&who_owns);
    on(&apply);
    batch.on_notice<proto::HintWrite>([this](const proto::HintWrite& request) { write_hint(shard, request); });
    on(&deliver);
    on(&characters);
    on(&create_player);
    on(&delete_player);
    on(&audit_page);
    on(&pending_outbox);
    on(&outbox_sent);
  }
  template <class Request, class Reply>
  void on(Reply (*transition)(Shard&, const Request&)) {
    batch.on<Request, Reply>([this, transition](const Request& request) { return transition(shard, request); });
  }
};

ShardStore::ShardStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ShardStore::~ShardStore() = default;

Result<std::unique_ptr<ShardStore>> ShardStore::open(const ShardOptions& options) {
  auto file = StoreFile::open(options, "shard", kShardSchema);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<ShardStore>(new ShardStore(std::make_unique<Parts>(std::move(*file), options)));
}

std::string ShardStore::run(std::string_view batch) { return parts_->batch.run(batch); }
bool ShardStore::failed() const { return parts_->batch.failed(); }
const std::string& ShardStore::failure() const { return parts_->batch.failure(); }
std::uint64_t ShardStore::faults() const { return parts_->batch.faults(); }
Result<bool> ShardStore::check_in_background() { return parts_->file->check_next_table(); }

}  // namespace dure::store
