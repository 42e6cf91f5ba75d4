/** The text of docs/services.md. */
export function servicesPage(): Promise<string>;
