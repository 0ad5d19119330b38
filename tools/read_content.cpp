#include <fstream>
#include <sstream>

#include "common/game/content_keeper.h"
#include "common/proto/content.pb.h"
#include "tools/game.h"

namespace dure {

Result<ContentFile> read_content(const std::string& content_dir, const std::string& name) {
  const std::string path = content_dir + "/" + name;
  std::ifstream in(path);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return fail(Trouble::kInvalid, path + ": cannot be read");
  return ContentFile{path, text.str()};
}

std::string content_load(const Game& game, bool activate_first, bool activate_always) {
  proto::ContentLoad load;
  load.set_hash(content_hash(game.content_files));
  for (const ContentFile& file : game.content_files) {
    auto* text = load.add_files();
    text->set_name(file.name.substr(file.name.rfind('/') + 1));
    text->set_text(file.text);
  }
  load.mutable_guards()->ParseFromString(game.content_guards);
  load.set_activate_first(activate_first);
  load.set_activate_always(activate_always);
  return load.SerializeAsString();
}

}  // namespace dure
