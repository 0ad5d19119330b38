#include "common/proto/content.pb.h"
#include "dbagent/store/directory.h"

namespace dure::store {
namespace {

constexpr std::size_t kFilesBytesMax = 1 << 20;

std::uint32_t active_version(Directory& directory) {
  return static_cast<std::uint32_t>(directory.db.number("SELECT version FROM content_activation").value_or(0));
}

bool loaded(Directory& directory, std::uint32_t version) {
  return directory.db.number("SELECT 1 FROM content WHERE version = ?1", version).has_value();
}

void make_active(Directory& directory, std::uint32_t version) {
  directory.db.run("UPDATE content SET was_active = 1 WHERE version = ?1", version);
  directory.db.run("INSERT INTO content_activation VALUES(1, ?1) ON CONFLICT DO UPDATE SET version = excluded.version",
                   version);
}

// The newest one that nobody ever played is replaced: its number is still free.
std::uint32_t next_version(Directory& directory) {
  Query newest(directory.db, "SELECT version, was_active FROM content ORDER BY version DESC LIMIT 1");
  if (!newest.row()) return 1;
  return newest.i64(1) == 0 ? newest.u32(0) : newest.u32(0) + 1;
}

proto::ContentReply with_code(proto::StoreCode code) {
  proto::ContentReply reply;
  reply.set_code(code);
  return reply;
}

}  // namespace

proto::ContentLoaded load_content(Directory& directory, const proto::ContentLoad& request) {
  proto::ContentLoad kept;
  *kept.mutable_files() = request.files();
  const std::string files = kept.SerializeAsString();
  require(files.size() <= kFilesBytesMax, "content is more than 1 MiB");
  const auto hash = static_cast<std::int64_t>(request.hash());
  proto::ContentLoaded reply;
  const std::uint32_t active = active_version(directory);
  // What is played now is not to be loaded again; what was played once may come back as a version of its own.
  if (const auto known = directory.db.number(
          "SELECT version FROM content WHERE hash = ?1 AND version >= ?2 ORDER BY version LIMIT 1", hash, active)) {
    reply.set_version(static_cast<std::uint32_t>(*known));
  } else {
    reply.set_version(next_version(directory));
    reply.set_fresh(true);
    directory.db.run(
        "INSERT INTO content VALUES(?1, ?2, ?3, ?4, 0, ?5) ON CONFLICT DO UPDATE SET hash = excluded.hash, "
        "files = excluded.files, guards = excluded.guards, loaded_at = excluded.loaded_at",
        reply.version(), hash, Blob{files}, Blob{request.guards().SerializeAsString()}, directory.file.shard_time());
  }
  const bool next = reply.version() == active + 1;
  if ((active == 0 && request.activate_first()) || (next && request.activate_always()))
    make_active(directory, reply.version());
  reply.set_active(active_version(directory));
  return reply;
}

// Guard: one step from the active one, forwards or back, so that whoever plays that is still taken.
proto::ContentDone activate_content(Directory& directory, const proto::ContentActivate& request) {
  proto::ContentDone reply;
  const std::uint32_t active = active_version(directory), wanted = request.version();
  if (wanted == active && active != 0) return reply;
  if (wanted == 0 || !loaded(directory, wanted)) {
    reply.set_code(proto::NO_SUCH);
    reply.set_detail("version " + std::to_string(wanted) + " is not loaded");
  } else if (active != 0 && wanted != active + 1 && wanted + 1 != active) {
    reply.set_code(proto::EXPECTED_OTHER);
    reply.set_detail("version " + std::to_string(active) + " is active: one step at a time");
  } else {
    make_active(directory, wanted);
  }
  return reply;
}

proto::ContentReply content(Directory& directory, const proto::ContentQuery& request) {
  proto::ContentReply reply;
  const std::uint32_t active = active_version(directory);
  reply.set_active(active);
  const std::uint32_t first = request.version() != 0 ? request.version() : active == 0 ? 1 : active - 1;
  const std::uint32_t last = request.version() != 0 ? request.version() : active + 1;
  // Nobody is judged by what was never active: its number is still free for other content, and a shard that is away
  // would judge that one by these guards.
  const std::uint32_t judged = request.version() == 0 && request.guards() ? active : last;
  Query row(directory.db,
            "SELECT version, hash, files, guards FROM content WHERE version BETWEEN ?1 AND ?2 "
            "AND (version <= ?3 OR was_active = 1) ORDER BY version",
            first, last, judged);
  while (row.row()) {
    auto* version = reply.add_versions();
    version->set_version(row.u32(0));
    version->set_hash(row.u64(1));
    proto::ContentLoad kept;
    if (request.files() && kept.ParseFromString(row.text(2))) *version->mutable_files() = kept.files();
    if (request.guards() && !version->mutable_guards()->ParseFromString(row.text(3))) return with_code(proto::RETRY);
  }
  return reply;
}

}  // namespace dure::store
