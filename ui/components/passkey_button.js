// Has the browser make a passkey: asks the server for the options (`ask`), which answers by calling
// `make`, and sends the browser's answer back (`made`).
const REFUSED = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "No passkey was made. Try again when you are ready.",
};

export default {
  template: `
  <div v-if="can" class="passkey-button">
    <button class="btn" type="button" @click="$emit('ask')">Add a passkey</button>
    <p v-if="error" class="field-error" role="alert">{{ error }}</p>
  </div>`,
  data: () => ({ error: "", can: Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON) }),
  methods: {
    async make(options) {
      if (this.making) return;
      this.making = true;
      this.error = "";
      try {
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options));
        const credential = await navigator.credentials.create({ publicKey });
        this.$emit("made", JSON.stringify(credential.toJSON()));
      } catch (error) {
        this.error = REFUSED[error.name] ?? "The browser couldn't make a passkey. Try another one.";
      } finally {
        this.making = false;
      }
    },
  },
};
