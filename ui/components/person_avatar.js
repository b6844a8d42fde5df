// Somebody's picture or initials, without the name.
import { avatar } from "avatar";

export default {
  props: { person: String, name: String, picture: String, look: String, online: Boolean },
  render() {
    return avatar(this.person, this.name, { picture: this.picture, look: this.look, online: this.online });
  },
};
