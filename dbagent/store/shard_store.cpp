#include "dbagent/store/shard_store.h"

#include "common/proto/dbagent.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/batch.h"
#include "dbagent/store/books.h"
#include "dbagent/store/history.h"
#include "dbagent/store/move.h"
#include "dbagent/store/shard.h"
#include "dbagent/store/trade.h"

namespace dure::store {

struct ShardStore::Parts {
  std::unique_ptr<StoreFile> file;
  WaitingLegs waiting;
  Shard shard;
  Batch batch;
  Books books;
  Backup backup{file->database()};

  Parts(std::unique_ptr<StoreFile> opened, const ShardOptions& options)
      : file(std::move(opened)),
        shard{*file, file->database(), options.shard, options.characters_max, {}},
        batch(*file, &waiting) {
    shard.waiting = &waiting;
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
    on(&freeze);
    on(&move_content);
    on(&copy);
    on(&activate);
    on(&retire);
    on(&unfreeze);
    on(&discard);
    on(&unsettled_moves);
    on(&shard_figures);
    on(&unclaimed_inbox);
    on(&apply_ownerless);
    on(&read_ownerless);
    on(&settle_creation);
    on(&due_for_purge);
    on(&purge_player);
    on(&cast);
    on(&verdict);
    on(&finish);
    on(&open_holds);
    on(&leg_state);
    on(&item_life);
    on(&player_ledger);
    on(&economy);
    on(&economy_jumps);
    batch.on<proto::ShardBackup, proto::BackupState>([this](const proto::ShardBackup& request) {
      require(request.shard() == shard.number, "shard");
      return backup.answer(request.backup_id(), request.path(), request.finish(), request.cancel());
    });
    batch.on<proto::BooksQuery, proto::BooksReply>(
        [this](const proto::BooksQuery& request) { return books.answer(shard, request); });
    shard.tell = [this](const proto::StoreEvent& event) { batch.tell(event); };
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
Result<> ShardStore::between_commits() try {
  parts_->books.between_commits(parts_->file->database());
  parts_->backup.between_commits();
  return {};
} catch (const SqlTrouble& trouble) {
  if (trouble.fatal()) return fail(Trouble::kIo, parts_->file->options().path + ": " + trouble.what());
  return {};
}
Result<bool> ShardStore::check_in_background() { return parts_->file->check_next_table(); }

}  // namespace dure::store
