#include "dbagent/store/directory_store.h"

#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/directory.h"

namespace dure::store {

struct DirectoryStore::Parts {
  std::unique_ptr<StoreFile> file;
  Directory directory;
  Batch batch;
  Backup backup{file->database()};

  Parts(std::unique_ptr<StoreFile> opened, const DirectoryOptions& options)
      : file(std::move(opened)),
        directory{*file, file->database(), options.first_shard, options.shards, options.realm_id},
        batch(*file) {
    on(&find_account);
    on(&set_ban);
    on(&set_password);
    on(&begin_session);
    on(&resume_session);
    batch.on_notice<proto::SessionEnd>([this](const proto::SessionEnd& notice) { end_session(directory, notice); });
    on(&sessions_held);
    on(&select_player);
    on(&reserve_name);
    on(&claim_name);
    on(&reserved_names);
    on(&names_of_shard);
    on(&moves_into);
    on(&locate_player);
    on(&intend_move);
    on(&flip_move);
    on(&abort_move);
    on(&find_move);
    on(&open_moves);
    on(&accounts_of_shard);
    on(&known_shards);
    on(&shards_served);
    on(&acquire_place);
    on(&find_place);
    on(&claim_gm_command);
    on(&load_content);
    on(&activate_content);
    on(&content);
    on(&set_switch);
    on(&switches);
    batch.on<proto::DirectoryBackup, proto::BackupState>([this](const proto::DirectoryBackup& request) {
      return backup.answer(file->shard_time(), request.backup_id(), request.path(), request.finish(), request.cancel());
    });
  }
  template <class Request, class Reply>
  void on(Reply (*transaction)(Directory&, const Request&)) {
    batch.on<Request, Reply>([this, transaction](const Request& request) { return transaction(directory, request); });
  }
};

DirectoryStore::DirectoryStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
DirectoryStore::~DirectoryStore() = default;

Result<std::unique_ptr<DirectoryStore>> DirectoryStore::open(const DirectoryOptions& options) try {
  auto file = StoreFile::open(options, "directory", kDirectorySchema);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<DirectoryStore>(new DirectoryStore(std::make_unique<Parts>(std::move(*file), options)));
} catch (const SqlTrouble& trouble) {
  return fail(Trouble::kIo, options.path + ": " + trouble.what());
}

std::string DirectoryStore::run(std::string_view batch) { return parts_->batch.run(batch); }
bool DirectoryStore::failed() const { return parts_->batch.failed(); }
const std::string& DirectoryStore::failure() const { return parts_->batch.failure(); }
std::uint64_t DirectoryStore::faults() const { return parts_->batch.faults(); }
Result<> DirectoryStore::between_commits() try {
  parts_->backup.between_commits(parts_->file->shard_time());
  return {};
} catch (const SqlTrouble& trouble) {
  if (trouble.fatal()) return fail(Trouble::kIo, parts_->file->options().path + ": " + trouble.what());
  return {};
}
Result<bool> DirectoryStore::check_in_background() { return parts_->file->check_next_pages(); }
Database& DirectoryStore::database() { return parts_->file->database(); }
bool DirectoryStore::audit_chain_whole() { return first_forged_audit_row(parts_->file->database()) == 0; }

}  // namespace dure::store
